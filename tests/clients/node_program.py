"""Runs one of the programs in node/, which use client libraries, and talks to it in lines of JSON."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

NODE = Path(__file__).parent / "node"


def find_node() -> str:
    """The program that runs JavaScript. Where it or the libraries are missing the tests fail: they never skip."""
    program = shutil.which("node")
    assert program is not None, "There is no node. Run: scripts/setup tests"
    assert (NODE / "node_modules").is_dir(), "The JavaScript clients are not installed. Run: scripts/setup tests"
    return program


def converse(
    program: str,
    given: object,
    answer: Callable[[dict[str, Any]], object],
    *,
    environ: Mapping[str, str] | None = None,
) -> Any:
    """Run `node/{program}.mjs`: give it `given`, answer what it asks, and return what it says at the end as `done`."""
    done: Any = None
    with subprocess.Popen(
        [find_node(), f"{program}.mjs"],
        cwd=NODE,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None

        def reply(message: object) -> None:
            process.stdin.write(json.dumps(message) + "\n")  # type: ignore[union-attr] # asserted above
            process.stdin.flush()  # type: ignore[union-attr] # asserted above

        reply(given)
        for line in process.stdout:
            said = json.loads(line)
            if "done" in said:
                done = said["done"]
                process.stdin.close()  # the program ends once nobody can say anything more to it
            else:
                reply(answer(said))
        complaints = process.stderr.read()
    assert process.returncode == 0, complaints
    assert done is not None, complaints
    return done
