"""Several processes on one database, driven together."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("race_worker.py")
START_TOGETHER_IN = 0.05


class Worker:
    """A process of its own with every deed over the database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), str(folder), database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, value: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def do(self, *jobs: dict[str, str | None]) -> list[dict[str, Any]]:
        """Do the jobs at once and wait for them."""
        self.say({"at": 0, "jobs": jobs})
        answers: list[dict[str, Any]] = self.hear()
        return answers


@contextmanager
def working_on(folder: Path, database_url: str, number: int) -> Iterator[list[Worker]]:
    """Start `number` processes on the migrated database at once; end them afterwards."""
    workers = [Worker(folder, database_url) for _ in range(number)]
    try:
        for worker in workers:
            assert worker.hear() == {"ready": True}
        yield workers
    finally:
        for worker in workers:
            assert worker.process.stdin is not None
            worker.process.stdin.close()
        for worker in workers:
            worker.process.wait(timeout=30)
            assert worker.process.stdout is not None
            worker.process.stdout.close()


def together(workers: Sequence[Worker], *jobs: Sequence[dict[str, str | None]]) -> list[dict[str, Any]]:
    """Give each process its jobs (the same to all where there is one list), start them together, return all answers."""
    start = time.time() + START_TOGETHER_IN
    for index, worker in enumerate(workers):
        worker.say({"at": start, "jobs": jobs[index % len(jobs)]})
    return [answer for worker in workers for answer in worker.hear()]
