"""The one promise under random interleavings, on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from test_intersection import TheGuardKeepsThePromise

from postgres_server import PostgresServer


def test_the_guard_keeps_the_promise_on_postgresql(postgres: PostgresServer) -> None:
    class OnPostgres(TheGuardKeepsThePromise):
        @contextmanager
        def database(self, path: Path) -> Iterator[str]:
            assert path.exists()
            with postgres.database() as url:
                yield url

    run_state_machine_as_test(
        OnPostgres,
        settings=settings(
            max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
