"""Indexes with which no list and no count reads more rows than it shows, whatever there are.

Only added to: a process of the version before goes on as it was.
"""

from consentry.storage.migrations.growing import create_index

revision = "0002"
down_revision = "0001"
oldest_served = "0001"

_INDEXES = (
    ("connections_by_organisation_app", "connections (organisation_id, app_id, id)"),
    ("connections_live_by_app", "connections (app_id, id) WHERE ended_at IS NULL"),
    ("organisations_by_name", "organisations (name, id)"),
)


def upgrade() -> None:
    """Create the indexes."""
    for name, on in _INDEXES:
        create_index(name, on)
