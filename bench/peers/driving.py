"""Load on one endpoint by wrk, of which every answer is looked at (load.lua)."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from cores import LOAD, on_core

SCRIPT = Path(__file__).parent / "load.lua"
FEWEST = 3
SETTLING, LONGEST_QUEUE = 3, 60
FORM = "Content-Type: application/x-www-form-urlencoded"


class WrongAnswerError(Exception):
    """A server gave a wrong answer or none: what was measured is not what was meant."""


@dataclass(frozen=True)
class Endpoint:
    """What is asked. `body` is a form with `@` where a credential goes; `credentials` has one in each line.

    `mode` is one of load.lua's: `random`, `once` or `rotating`.
    """

    url: str
    authorization: str
    body: str
    credentials: Path
    mode: str


@dataclass(frozen=True)
class Load:
    """What one round gave. Latencies are in milliseconds."""

    requests_per_second: float
    p50: float
    p99: float


def drive(endpoint: Endpoint, *, connections: int, seconds: float, first: int = 1, count: int) -> Load:
    """Ask on so many connections, for so long or until `count` credentials from the `first` on are used up.

    Raises WrongAnswerError.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as report:
        headers = ["-H", FORM] + (["-H", f"Authorization: {endpoint.authorization}"] if endpoint.authorization else [])
        wrk = [
            "wrk",
            "-t1",
            "--timeout",
            f"{LONGEST_QUEUE}s",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            *headers,
            "-s",
            str(SCRIPT),
        ]
        arguments = [endpoint.mode, str(endpoint.credentials), str(first), str(count), endpoint.body, report.name]
        command = on_core(LOAD, [*wrk, endpoint.url, "--", *arguments])
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
        text = report.read()
    if not text:
        raise WrongAnswerError(f"wrk: {ran.stdout}{ran.stderr}")
    return _read(endpoint, text)


def settle(endpoint: Endpoint) -> None:
    """Wait until the server has answered what the last round left behind: its connections were cut in the middle.

    A slow server would otherwise begin its next round with a queue. It is asked one thing at a time, which is answered
    after those. Raises OSError.
    """
    with endpoint.credentials.open() as lines:
        form = endpoint.body.replace("@", lines.readline().strip()).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": endpoint.authorization}
    for _ in range(SETTLING):
        asking = Request(endpoint.url, form, headers)  # noqa: S310 - of a server that we started
        with urlopen(asking, timeout=LONGEST_QUEUE) as answer:  # noqa: S310 - see above
            answer.read()


def _read(endpoint: Endpoint, text: str) -> Load:
    line, _, sample = text.partition("\n")
    answers, lasted, p50, p99, wrong, broken = line.split()
    if int(wrong) or int(broken) or int(answers) < FEWEST:
        raise WrongAnswerError(f"{endpoint.url}: {wrong} wrong answers of {answers}, {broken} broken: {sample}")
    return Load(int(answers) / float(lasted), float(p50), float(p99))
