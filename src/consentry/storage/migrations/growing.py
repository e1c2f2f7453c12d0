"""Steps of migrations that do not make those who serve wait."""

from alembic import op
from sqlalchemy import text

_HALF_MADE = text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def create_index(name: str, on: str) -> None:
    """Create the index `name` on `on`, which is a table, columns and a condition; may be run again.

    PostgreSQL builds it beside readers and writers, outside a transaction; one that a crash left half-made is made
    anew. SQLite's writers wait until it is built.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")
        return
    with op.get_context().autocommit_block():
        if op.get_bind().execute(_HALF_MADE, {"name": name}).first() is not None:
            op.execute(f"DROP INDEX CONCURRENTLY {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")
