"""Small indexes of what makes a check refuse, and the roles of the members who were there before.

Hardly a family has ended and hardly a user is suspended: an index of those alone stays in the processor's caches,
however many there are of the others. Each is over an expression, because a planner that could look the row up by its
primary key would.

Only added to: a process of the versions before goes on as it was.
"""

from alembic import op

from consentry.storage.migrations.growing import create_index
from consentry.storage.migrations.versions.v0007_nearer_to_the_check import COPY

revision = "0008"
down_revision = "0007"
oldest_served = "0001"

_INDEXES = (
    ("token_families_ended", "token_families ((id || '')) WHERE ended_at IS NOT NULL"),
    ("users_not_active", "users ((id || '')) WHERE standing <> 'active'"),
)


def upgrade() -> None:
    """Create the indexes and fill in the roles; the triggers keep true what they have written meanwhile."""
    for name, on in _INDEXES:
        create_index(name, on)
    op.execute(f"{COPY[op.get_bind().dialect.name]} WHERE roles IS NULL")
