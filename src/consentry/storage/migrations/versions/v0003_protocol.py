"""What OpenID Connect, DPoP, pushed requests, devices and registration by programs keep.

Only added to: a process of the versions before goes on as it was.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
oldest_served = "0001"

_SQLITE = {"id": "TEXT", "int": "INTEGER", "blob": "BLOB", "keyed": "STRICT, WITHOUT ROWID"}
_POSTGRES = {"id": 'TEXT COLLATE "C"', "int": "BIGINT", "blob": "BYTEA", "keyed": ""}

_COLUMNS = (
    # What an app is registered to do (RFC 7591 §2), how it came here and who vouches for it.
    "ALTER TABLE apps ADD COLUMN metadata TEXT NOT NULL DEFAULT '{{}}'",
    "ALTER TABLE apps ADD COLUMN origin TEXT NOT NULL DEFAULT 'registered'",
    "ALTER TABLE apps ADD COLUMN vouched_by TEXT",
    "ALTER TABLE apps ADD COLUMN registration_digest {blob}",
    "ALTER TABLE apps ADD COLUMN used_at {int}",
    # The claims of OpenID Connect Core §5.1 that a user has beyond name and e-mail address, as a JSON object.
    "ALTER TABLE users ADD COLUMN claims TEXT",
    "ALTER TABLE users ADD COLUMN service_of {id}",
    # What an ID token says of the sign-in, and what a token is bound to (RFC 9449 §6).
    "ALTER TABLE authorization_codes ADD COLUMN session_id {id}",
    "ALTER TABLE authorization_codes ADD COLUMN authenticated_at {int}",
    "ALTER TABLE authorization_codes ADD COLUMN claims TEXT",
    "ALTER TABLE authorization_codes ADD COLUMN dpop_jkt TEXT",
    "ALTER TABLE token_families ADD COLUMN session_id {id}",
    "ALTER TABLE token_families ADD COLUMN authenticated_at {int}",
    "ALTER TABLE token_families ADD COLUMN claims TEXT",
    "ALTER TABLE token_families ADD COLUMN dpop_jkt TEXT",
    "ALTER TABLE access_tokens ADD COLUMN dpop_jkt TEXT",
    "ALTER TABLE signing_keys ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'ES256'",
)
_TABLES = (
    """
    CREATE TABLE pushed_requests (
        id {id} PRIMARY KEY,
        digest {blob} NOT NULL,
        app_id {id} NOT NULL,
        query TEXT NOT NULL,
        dpop_jkt TEXT,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        used_at {int}
    ) {keyed}
    """,
    """
    CREATE TABLE device_codes (
        id {id} PRIMARY KEY,
        digest {blob} NOT NULL,
        user_code {id} NOT NULL UNIQUE,
        app_id {id} NOT NULL,
        scope TEXT NOT NULL,
        resource TEXT,
        dpop_jkt TEXT,
        asked_from TEXT NOT NULL,
        interval_seconds {int} NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        polled_at {int},
        answer TEXT,
        answered_at {int},
        user_id {id},
        session_id {id},
        authenticated_at {int},
        connection_id {id},
        granted_scope TEXT,
        family_id {id}
    ) {keyed}
    """,
    # Assertions and proofs that were used, until they expire (RFC 7523 §3, RFC 9449 §11.1).
    """
    CREATE TABLE used_proofs (
        id {id} PRIMARY KEY,
        expires_at {int} NOT NULL
    ) {keyed}
    """,
    "CREATE INDEX used_proofs_by_expiry ON used_proofs (expires_at)",
    # Documents of others: metadata of clients, their key sets.
    """
    CREATE TABLE fetched_documents (
        url {id} PRIMARY KEY,
        body TEXT NOT NULL,
        etag TEXT,
        fetched_at {int} NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}
    """,
    """
    CREATE TABLE registration_tokens (
        id {id} PRIMARY KEY,
        name TEXT NOT NULL,
        digest {blob} NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int},
        uses_left {int},
        revoked_at {int}
    ) {keyed}
    """,
    # Which apps a browser's session signed in to, so that they can be told of its end.
    """
    CREATE TABLE session_apps (
        session_id {id} NOT NULL,
        app_id {id} NOT NULL,
        user_id {id} NOT NULL,
        created_at {int} NOT NULL,
        PRIMARY KEY (session_id, app_id)
    ) {keyed}
    """,
    """
    CREATE TABLE logout_deliveries (
        id {id} PRIMARY KEY,
        app_id {id} NOT NULL,
        uri TEXT NOT NULL,
        subject TEXT NOT NULL,
        session_id {id},
        attempts {int} NOT NULL,
        created_at {int} NOT NULL,
        next_at {int},
        done_at {int},
        outcome TEXT
    ) {keyed}
    """,
    "CREATE INDEX logout_deliveries_due ON logout_deliveries (next_at) WHERE done_at IS NULL",
)


def upgrade() -> None:
    """Add the columns and tables."""
    types = _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES
    for statement in (*_COLUMNS, *_TABLES):
        op.execute(statement.format_map(types))
