"""Alembic's environment: runs the migrations over the connection that `storage.schema` hands in.

Beside the version it keeps the floor: the oldest schema version whose processes may still serve from this database.
"""

from typing import Any

from alembic import context
from sqlalchemy import text

_TABLE = text(
    "CREATE TABLE IF NOT EXISTS schema_floor (one INTEGER PRIMARY KEY CHECK (one = 1), oldest_served TEXT NOT NULL)"
)
_RAISE = text(
    "INSERT INTO schema_floor (one, oldest_served) VALUES (1, :oldest) "
    "ON CONFLICT (one) DO UPDATE SET oldest_served = excluded.oldest_served "
    "WHERE excluded.oldest_served > schema_floor.oldest_served"
)


def raise_floor(*, step: Any, **_: Any) -> None:
    """Write down what the migration says, in the transaction that writes its version."""
    module = context.script.get_revision(step.up_revision_id).module
    connection.execute(_TABLE)
    # The first schema serves only those who know it.
    connection.execute(_RAISE, {"oldest": getattr(module, "oldest_served", step.up_revision_id)})


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    transaction_per_migration=True,
    on_version_apply=raise_floor,  # type: ignore[arg-type] # Alembic passes what it has by name
)
with context.begin_transaction():
    context.run_migrations()
