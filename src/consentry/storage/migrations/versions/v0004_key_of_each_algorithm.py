"""One current signing key for each algorithm, where there was one in all.

Only makes room: a process of the versions before goes on as it was, with the one algorithm that it knows.
"""

from alembic import op

from consentry.storage.migrations.growing import create_index

revision = "0004"
down_revision = "0003"
oldest_served = "0001"


def upgrade() -> None:
    """Put an index for each algorithm in place of the one for all."""
    create_index("signing_keys_current_of_algorithm", "signing_keys (algorithm) WHERE retired_at IS NULL", unique=True)
    op.execute("DROP INDEX IF EXISTS signing_keys_current")
