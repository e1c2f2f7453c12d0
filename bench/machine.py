"""What a benchmark ran on, without the machine's name."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import apsw

_VERSION = re.compile(r"\d+(\.\d+)+")


def describe() -> list[str]:
    """Return the lines that the page shows."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    programs = {
        "PostgreSQL": _version(*_postgres()),
        "Redis": _version("redis-server", "--version"),
        "Node.js": _version("node", "--version"),
        "wrk": _version("wrk", "--version"),
    }
    versions = [
        f"Python {platform.python_version()} ({Path(sys.executable).resolve()}) on all sides that are Python",
        f"uvicorn {metadata.version('uvicorn')}",
        f"SQLite {apsw.sqlite_lib_version()} (Consentry's), {sqlite3.sqlite_version} (Python's)",
        *(f"{name} {version}" for name, version in programs.items() if version),
    ]
    return [
        f"{len(os.sched_getaffinity(0))} cores of {_processor()}, {gibibytes:.0f} GiB of memory",
        f"{system}, Linux {_VERSION.match(platform.release())[0]}",  # type: ignore[index] - a kernel has a version
        ", ".join(versions),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _postgres() -> tuple[str, str]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return (str(folders[-1]) if folders else "postgres", "--version")


def _version(program: str, option: str) -> str | None:
    if shutil.which(program) is None:
        return None
    answer = subprocess.run([program, option], capture_output=True, text=True, check=False)
    found = _VERSION.search(answer.stdout + answer.stderr)
    return None if found is None else found[0]
