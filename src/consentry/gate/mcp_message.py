"""What a message to an MCP server asks for, read as strictly as it must be where permissions hang on it. JSON-RPC 2.0.

The server behind reads the same bytes: whatever two readers could understand differently is refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

CALL = "tools/call"
"""The method that calls a tool, which `params.name` names."""

OPEN_METHODS = frozenset(
    {
        "initialize",
        "server/discover",
        "ping",
        "logging/setLevel",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "subscriptions/listen",
    }
)
"""What any caller whom the server lets in may ask: who it is and what it has. The rest hands out data, or acts."""

_NOTIFICATIONS = "notifications/"
_SHOWN = 100


class MessageError(ValueError):
    """The body is no message that could be understood in one way only."""


class UndeclaredError(Exception):
    """Nobody has said what this tool or method needs, so nobody may call it."""


@dataclass(frozen=True, slots=True)
class McpPermissions:
    """The permissions that each tool needs by its name, and each method beyond those of `OPEN_METHODS`."""

    tools: Mapping[str, Sequence[str]]
    methods: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def needed(self, body: bytes) -> tuple[str, ...]:
        """Return every permission that the body's messages need together, each once.

        Raises MessageError for a body that is no JSON-RPC; UndeclaredError for a tool or a method that has no line.
        """
        found = _parse(body)
        messages = found if isinstance(found, list) else [found]
        if not messages:
            raise MessageError("The batch is empty.")
        return tuple(dict.fromkeys(name for message in messages for name in self._needed_of(message)))

    def _needed_of(self, message: object) -> Iterable[str]:
        if not isinstance(message, dict):
            raise MessageError("A message is a JSON object.")
        if "method" not in message:
            return ()  # the answer to something that the server asked
        method, params = message["method"], message.get("params")
        if not isinstance(method, str):
            raise MessageError("The method is a text.")
        if method == CALL:
            name = params.get("name") if isinstance(params, dict) else None
            if not isinstance(name, str):
                raise MessageError("The call names no tool.")
            return _line(self.tools, name, "tool")
        if method in OPEN_METHODS or method.startswith(_NOTIFICATIONS):
            return self.methods.get(method, ())
        return _line(self.methods, method, "method")


def _line(lines: Mapping[str, Sequence[str]], name: str, kind: str) -> Sequence[str]:
    if name not in lines:
        raise UndeclaredError(
            f"The {kind} {name[:_SHOWN]!r} is not declared: the server does not say which permissions it needs."
        )
    return lines[name]


def _parse(body: bytes) -> Any:
    try:
        # RFC 8259 §8.1: UTF-8, without a mark at its beginning.
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise MessageError("The body is not JSON in UTF-8, with each name once.") from fault


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. RFC 8259 §4: of a name that stands twice, each reader makes something else."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name stands twice.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")
