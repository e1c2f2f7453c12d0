"""What web/http_protocol.py knows of uvicorn's inside is as it was when that was written. Decision 0019.

A failure here says that a new uvicorn is not like the one before: compare what is named with web/http_protocol.py and
web/direct_exchange.py, let tests/server pass, and only then write down the new state here and in pyproject.toml.
"""

import ast
import hashlib
import inspect
import textwrap
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from consentry.web.direct_exchange import DirectExchange
from consentry.web.http_protocol import HttpProtocol

USED = {
    "client",
    "config",
    "cycle",
    "flow",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "server_state",
    "tasks",
    "timeout_keep_alive",
    "timeout_keep_alive_task",
    "transport",
    "url",
}
"""What uvicorn sets on itself and we read or set."""

OF_THE_STATE = {"default_headers", "tasks", "total_requests"}

METHODS = {
    "__init__": "905b91f2d5cf",
    "_start_asgi_task": "dcc5a31fb6b7",
    "_unset_keepalive_if_required": "9daed956b86c",
    "connection_lost": "d6565d9c5462",
    "connection_made": "b4322d5141d7",
    "data_received": "b4f9892d120d",
    "on_body": "9492092df825",
    "on_header": "ad40beaab858",
    "on_headers_complete": "09d867a0c132",
    "on_message_begin": "afa5b0b05b0e",
    "on_message_complete": "656de52940d2",
    "on_response_complete": "f6ae4a31a9a6",
    "pause_writing": "627fa9f41c25",
    "resume_writing": "df8c93a5cae4",
    "shutdown": "4c59c260b3d5",
    "timeout_keep_alive_handler": "2a83d68a0d0c",
}
"""What we replace or call, by a digest of its source, however that is set in lines."""


def digest_of(method: object) -> str:
    source = inspect.getsource(method)  # type: ignore[arg-type] # a function
    return hashlib.sha256(" ".join(source.split()).encode()).hexdigest()[:12]


def attributes_of(name: str, source: str, how: type[ast.expr_context] = ast.expr_context) -> set[str]:
    """Return what is read of or set on `name`, such as `self` or `self.cycle`, in the source."""
    return {
        node.attr
        for node in ast.walk(ast.parse(textwrap.dedent(source)))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, how) and ast.unparse(node.value) == name
    }


@pytest.mark.parametrize("name", METHODS)
def test_each_method_that_is_replaced_or_called_is_the_one_that_was_read(name: str) -> None:
    method = getattr(HttpToolsProtocol, name, None)

    assert method is not None, f"uvicorn {version('uvicorn')} has no HttpToolsProtocol.{name} any more"
    assert digest_of(method) == METHODS[name], f"uvicorn {version('uvicorn')} changed HttpToolsProtocol.{name}"


def test_no_method_is_replaced_unseen() -> None:
    replaced = {name for name in vars(HttpProtocol) if name in vars(HttpToolsProtocol)} - {"__doc__", "__module__"}

    assert replaced <= set(METHODS)


def test_what_is_used_of_a_connection_is_there() -> None:
    assert attributes_of("self", inspect.getsource(HttpToolsProtocol), ast.Store) >= USED


def test_what_uvicorn_asks_of_a_request_under_way_the_shorter_way_has_too() -> None:
    """`HttpProtocol` puts a `DirectExchange` where uvicorn keeps its own cycle."""
    source = inspect.getsource(HttpToolsProtocol)
    asked = attributes_of("self.cycle", source) | attributes_of("existing_cycle", source)
    only_of_asgi = {"body", "more_body", "message_event", "run_asgi"}

    assert "response_complete" in asked
    assert asked - only_of_asgi <= set(dir(DirectExchange))


def test_what_is_used_of_the_servers_state_is_there() -> None:
    from uvicorn.server import ServerState  # noqa: PLC0415 - its place is part of what is relied on

    assert set(vars(ServerState())) >= OF_THE_STATE
    assert hasattr(httptools_impl, "RequestResponseCycle")


def test_no_other_uvicorn_is_installed_with_us() -> None:
    project = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text("utf-8"))
    [needed] = [line for line in project["project"]["dependencies"] if line.startswith("uvicorn")]
    major, minor, *_ = map(int, version("uvicorn").split("."))

    assert needed == f"uvicorn>={major}.{minor},<{major}.{minor + 1}", "another uvicorn would be taken unseen"
