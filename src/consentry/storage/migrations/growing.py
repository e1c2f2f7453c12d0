"""Steps of migrations that do not make those who serve wait.

On PostgreSQL such a step ends the migration's transaction and begins another. So a migration with one holds nothing
before it that could not be run again: it would be, were the process killed in between.
"""

from alembic import op
from sqlalchemy import text

_HALF_MADE = text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def create_index(name: str, on: str, *, unique: bool = False) -> None:
    """Create the index `name` on `on`, which is a table, columns and a condition; may be run again.

    PostgreSQL builds it beside readers and writers, outside a transaction; one that a crash left half-made is made
    anew. SQLite's writers wait until it is built.
    """
    kind = "UNIQUE INDEX" if unique else "INDEX"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE {kind} IF NOT EXISTS {name} ON {on}")
        return
    with op.get_context().autocommit_block():
        if op.get_bind().execute(_HALF_MADE, {"name": name}).first() is not None:
            op.execute(f"DROP INDEX CONCURRENTLY {name}")
        op.execute(f"CREATE {kind} CONCURRENTLY IF NOT EXISTS {name} ON {on}")
