"""The token families of a session are found by it, so that they can end when the person signs out.

Only adds an index over what OpenID Connect gave: a process of the versions before goes on as it was.
"""

from consentry.storage.migrations.growing import create_index

revision = "0005"
down_revision = "0004"
oldest_served = "0001"


def upgrade() -> None:
    """Add the index."""
    create_index("token_families_by_session", "token_families (session_id) WHERE session_id IS NOT NULL")
