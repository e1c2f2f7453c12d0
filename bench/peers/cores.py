"""Servers on one core and the load on another, where there are two: both sides alike."""

import os
import shutil

SERVER, LOAD = 0, 1


def on_core(number: int, command: list[str]) -> list[str]:
    """Return the command that runs `command` on that core only; `command` itself where the machine has one core."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2 or shutil.which("taskset") is None:  # noqa: PLR2004 - one for each
        return command
    return ["taskset", "-c", str(cores[number]), *command]
