"""What an organisation says of apps that nobody vouches for.

Only added to: a process of the versions before goes on as it was.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
oldest_served = "0001"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE organisations ADD COLUMN unverified_apps TEXT NOT NULL DEFAULT 'allowed'")
