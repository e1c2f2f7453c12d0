"""The guard lives in the product's process, and brings as little there as it can."""

import subprocess
import sys

import pytest

ONLY_A_SERVER_NEEDS = (
    "alembic",
    "argon2",
    "asyncpg",
    "cryptography",
    "fastapi",
    "httpx",
    "jinja2",
    "joserfc",
    "orjson",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "structlog",
    "typer",
    "uvicorn",
)


@pytest.mark.parametrize("module", ["consentry.guard", "consentry.guard.asgi", "consentry.guard.blocking"])
def test_a_guard_loads_nothing_that_only_a_server_needs(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()

    assert module in loaded
    assert set(loaded).isdisjoint(ONLY_A_SERVER_NEEDS)
