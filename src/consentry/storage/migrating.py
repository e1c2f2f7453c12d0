"""Running the migrations: one process at a time, and never in the way of those who serve for long. With Alembic.

On SQLite all migrations that are due are one transaction, and whoever else migrates or writes waits for it. On
PostgreSQL each is one, gives up when it waits for a lock for long, because others then wait behind it, and is tried
again; indexes are built outside it (migrations/growing.py).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from consentry.storage.schema import CURRENT

_SCRIPTS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 600.0

# Any number, so long as nobody else who locks in this database uses it: whoever migrates holds it until the end.
_TRY_TO_LOCK = "SELECT pg_try_advisory_xact_lock(7165066974071780466)"
_BETWEEN_TRIES = 0.2
_STAY = "SET LOCAL idle_in_transaction_session_timeout = 0"
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
# PostgreSQL's lock_not_available and deadlock_detected: the transaction is undone, and may be tried again.
_GIVEN_UP = ("55P03", "40P01")
_TRIES_MOST = 60
_PAUSE_SECONDS = 1.0

Connect = Callable[[], Awaitable[Any]]


def migrate_file(path: Path) -> None:
    """Run the migrations that the SQLite file lacks."""
    # The driver would begin no transaction for DDL by itself, and half a schema would be left by a crash.
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()


async def migrate_postgres(connect: Connect) -> None:
    """Run the migrations that the PostgreSQL database lacks. `connect` opens a connection of asyncpg."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(_LOCK_TIMEOUT))
    try:
        async with _alone(connect):
            for _ in range(_TRIES_MOST):
                try:
                    async with engine.connect() as connection:
                        await connection.run_sync(_upgrade)
                except DBAPIError as fault:
                    if getattr(fault.orig, "sqlstate", None) not in _GIVEN_UP:
                        raise
                    await asyncio.sleep(_PAUSE_SECONDS)
                else:
                    return
            async with engine.connect() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(connect: Connect) -> AsyncIterator[None]:
    """Hold the lock of those who migrate, in a transaction of a connection of its own, which a pooler keeps together.

    Who waits asks again and again: a statement that waited would hold a snapshot, and an index that is built beside
    writers waits for every snapshot.
    """
    connection = await connect()
    try:
        while True:
            transaction = connection.transaction()
            await transaction.start()
            if (await connection.fetch(_TRY_TO_LOCK))[0][0]:
                # After the question, whose portal would keep its snapshot, for which the building of an index waits.
                await connection.execute(_STAY)
                break
            await transaction.rollback()
            await asyncio.sleep(_BETWEEN_TRIES)
        yield
        await transaction.rollback()
    finally:
        await connection.close()


def _upgrade(connection: Connection) -> None:
    in_transaction = connection.in_transaction()
    version = MigrationContext.configure(connection).get_current_revision()
    if not in_transaction:
        connection.rollback()
    if version is not None and version >= CURRENT:
        return
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
