"""The official JavaScript SDK as an assistant uses it, in a process of its own; its user is a browser of ours."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp_world import McpWorld

from user_agent import UserAgent, query_of

NODE = Path(__file__).parents[1] / "clients" / "node"
REDIRECT = "http://127.0.0.1:33418/callback"


class NodeAssistant:
    """What the process says, and what its user did for it."""

    def __init__(self, world: McpWorld, process: "subprocess.Popen[str]") -> None:
        self.world = world
        self.consents: list[dict[str, str]] = []
        self._process = process

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Let it call a tool; return what came of that, once the user has answered whatever was asked."""
        self.say({"call": tool, "with": arguments})
        while True:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            assert line, self._process.stderr and self._process.stderr.read()
            said: dict[str, Any] = json.loads(line)
            if "authorize" not in said:
                return said
            self.say(self._approve(said["authorize"]))

    def say(self, message: object) -> None:
        """Tell the process something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _approve(self, url: str) -> str:
        self.consents.append(query_of(url))
        with UserAgent(self.world.site) as agent:
            page = agent.sign_in(self.world.site.ana, url)
            answer = page if page.is_redirect else agent.answer(page)
        location: str = answer.headers["location"]
        assert location.startswith(REDIRECT), location
        return location


@contextmanager
def node_assistant(
    world: McpWorld,
    *,
    client: dict[str, Any] | None = None,
    metadata_url: str | None = None,
    tokens: dict[str, Any] | None = None,
    steps_up: bool = True,
) -> Iterator[NodeAssistant]:
    """Run it, with what it kept from the time before, and stop it at the end.

    With `steps_up` it does what docs/mcp.md tells an application of this SDK to do; without, what the SDK does.
    """
    with subprocess.Popen(
        ["node", "mcp.mjs"],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assistant = NodeAssistant(world, process)
        known = {"client": client, "metadata_url": metadata_url, "tokens": tokens, "steps_up": steps_up}
        assistant.say({"url": world.url, "redirect_uri": REDIRECT, **known})
        try:
            yield assistant
        finally:
            process.kill()
