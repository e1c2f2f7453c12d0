"""The first schema.

Credentials are keyed by time-ordered identifiers, so that new rows are appended. The tables of great volume (access
tokens, families, codes) carry no foreign keys of their own: their rows end by a join at the check and leave by
housekeeping, and an index for the key's sake would cost every token.
"""

from alembic import op

revision = "0001"
down_revision = None

# Names of types on each engine; identifiers sort by bytes on both.
_SQLITE = {
    "id": "TEXT",
    "int": "INTEGER",
    "blob": "BLOB",
    "keyed": "STRICT, WITHOUT ROWID",
    "table": "STRICT",
}
_POSTGRES = {"id": 'TEXT COLLATE "C"', "int": "BIGINT", "blob": "BYTEA", "keyed": "", "table": ""}

_STATEMENTS = (
    """
    CREATE TABLE organisations (
        id {id} PRIMARY KEY,
        name TEXT NOT NULL,
        standing TEXT NOT NULL,
        created_at {int} NOT NULL
    ) {keyed}
    """,
    """
    CREATE TABLE users (
        id {id} PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password_hash TEXT,
        standing TEXT NOT NULL,
        created_at {int} NOT NULL
    ) {keyed}
    """,
    """
    CREATE TABLE members (
        organisation_id {id} NOT NULL REFERENCES organisations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        custom_permissions TEXT,
        standing TEXT NOT NULL,
        created_at {int} NOT NULL,
        PRIMARY KEY (organisation_id, user_id)
    ) {keyed}
    """,
    "CREATE INDEX members_by_user ON members (user_id, organisation_id)",
    """
    CREATE TABLE member_roles (
        organisation_id {id} NOT NULL,
        user_id {id} NOT NULL,
        role TEXT NOT NULL,
        PRIMARY KEY (organisation_id, user_id, role),
        FOREIGN KEY (organisation_id, user_id) REFERENCES members (organisation_id, user_id) ON DELETE CASCADE
    ) {keyed}
    """,
    """
    CREATE TABLE roles (
        organisation_id {id} NOT NULL REFERENCES organisations (id),
        name TEXT NOT NULL,
        permissions TEXT NOT NULL,
        updated_at {int} NOT NULL,
        PRIMARY KEY (organisation_id, name)
    ) {keyed}
    """,
    """
    CREATE TABLE sessions (
        id {id} PRIMARY KEY,
        digest {blob} NOT NULL,
        user_id {id} NOT NULL REFERENCES users (id),
        authenticated_at {int} NOT NULL,
        seen_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        ended_at {int}
    ) {keyed}
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    """
    CREATE TABLE apps (
        id {id} PRIMARY KEY,
        client_id {id} NOT NULL UNIQUE,
        organisation_id {id} NOT NULL REFERENCES organisations (id),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        redirect_uris TEXT NOT NULL,
        required_scopes TEXT NOT NULL,
        optional_scopes TEXT NOT NULL,
        require_pkce {int} NOT NULL,
        status TEXT NOT NULL,
        created_by {id},
        created_at {int} NOT NULL,
        updated_at {int} NOT NULL
    ) {keyed}
    """,
    "CREATE INDEX apps_by_organisation ON apps (organisation_id, id)",
    """
    CREATE TABLE app_secrets (
        id {id} PRIMARY KEY,
        app_id {id} NOT NULL REFERENCES apps (id),
        digest {blob} NOT NULL,
        hint TEXT NOT NULL,
        created_at {int} NOT NULL,
        last_used_at {int},
        expires_at {int},
        retired_at {int}
    ) {keyed}
    """,
    "CREATE INDEX app_secrets_by_app ON app_secrets (app_id, id)",
    """
    CREATE TABLE redirect_refusals (
        app_id {id} NOT NULL REFERENCES apps (id),
        redirect_uri TEXT NOT NULL,
        part TEXT NOT NULL,
        closest TEXT,
        times {int} NOT NULL,
        first_at {int} NOT NULL,
        last_at {int} NOT NULL,
        PRIMARY KEY (app_id, redirect_uri)
    ) {keyed}
    """,
    """
    CREATE TABLE connections (
        id {id} PRIMARY KEY,
        organisation_id {id} NOT NULL REFERENCES organisations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        app_id {id} NOT NULL REFERENCES apps (id),
        scopes TEXT NOT NULL,
        declined_scopes TEXT NOT NULL,
        created_at {int} NOT NULL,
        updated_at {int} NOT NULL,
        first_used_at {int},
        last_used_at {int},
        ended_at {int},
        ended_by TEXT
    ) {keyed}
    """,
    """
    CREATE UNIQUE INDEX connections_live ON connections (user_id, organisation_id, app_id) WHERE ended_at IS NULL
    """,
    "CREATE INDEX connections_by_user ON connections (user_id, id)",
    "CREATE INDEX connections_by_organisation ON connections (organisation_id, id)",
    "CREATE INDEX connections_by_app ON connections (app_id, id)",
    """
    CREATE TABLE consents (
        id {id} PRIMARY KEY,
        connection_id {id} NOT NULL REFERENCES connections (id),
        user_id {id} NOT NULL,
        asked TEXT NOT NULL,
        approved TEXT NOT NULL,
        page_version TEXT NOT NULL,
        at {int} NOT NULL
    ) {keyed}
    """,
    "CREATE INDEX consents_by_connection ON consents (connection_id, id)",
    """
    CREATE TABLE pending_authorizations (
        id {id} PRIMARY KEY,
        session_id {id} NOT NULL,
        user_id {id} NOT NULL,
        client_id {id} NOT NULL,
        query TEXT NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        answered_at {int}
    ) {keyed}
    """,
    """
    CREATE TABLE authorization_codes (
        id {id} PRIMARY KEY,
        digest {blob} NOT NULL,
        connection_id {id} NOT NULL,
        app_id {id} NOT NULL,
        redirect_uri TEXT NOT NULL,
        code_challenge TEXT,
        scope TEXT NOT NULL,
        nonce TEXT,
        resource TEXT,
        issued_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        consumed_at {int},
        wrong_proofs {int} NOT NULL,
        family_id {id}
    ) {keyed}
    """,
    """
    CREATE TABLE token_families (
        id {id} PRIMARY KEY,
        connection_id {id} NOT NULL,
        scope TEXT NOT NULL,
        resource TEXT,
        refresh_digest {blob} NOT NULL,
        generation {int} NOT NULL,
        sealed_successor {blob},
        successor_scope TEXT,
        created_at {int} NOT NULL,
        rotated_at {int} NOT NULL,
        idle_expires_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        ended_at {int}
    ) {keyed}
    """,
    """
    CREATE TABLE access_tokens (
        id {id} PRIMARY KEY,
        digest {blob} NOT NULL,
        family_id {id} NOT NULL,
        scope TEXT NOT NULL,
        resource TEXT,
        issued_at {int} NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}
    """,
    """
    CREATE TABLE api_keys (
        id {id} PRIMARY KEY,
        organisation_id {id} NOT NULL REFERENCES organisations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        name TEXT NOT NULL,
        permissions TEXT NOT NULL,
        digest {blob} NOT NULL,
        hint TEXT NOT NULL,
        previous_digest {blob},
        previous_expires_at {int},
        allowed_networks TEXT NOT NULL,
        created_at {int} NOT NULL,
        updated_at {int} NOT NULL,
        expires_at {int},
        last_used_at {int},
        last_used_from TEXT,
        revoked_at {int},
        revoked_by {id}
    ) {keyed}
    """,
    "CREATE INDEX api_keys_by_organisation ON api_keys (organisation_id, id)",
    "CREATE INDEX api_keys_by_user ON api_keys (user_id, id)",
    """
    CREATE TABLE resources (
        id {id} PRIMARY KEY,
        client_id {id} NOT NULL UNIQUE,
        name TEXT NOT NULL,
        identifier TEXT NOT NULL UNIQUE,
        digest {blob} NOT NULL,
        created_at {int} NOT NULL,
        retired_at {int}
    ) {keyed}
    """,
    """
    CREATE TABLE operators (
        id {id} PRIMARY KEY,
        name TEXT NOT NULL,
        digest {blob} NOT NULL,
        created_at {int} NOT NULL,
        revoked_at {int}
    ) {keyed}
    """,
    """
    CREATE TABLE signing_keys (
        id {id} PRIMARY KEY,
        public_jwk TEXT NOT NULL,
        sealed_jwk {blob} NOT NULL,
        created_at {int} NOT NULL,
        retired_at {int}
    ) {keyed}
    """,
    "CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((retired_at IS NULL)) WHERE retired_at IS NULL",
    """
    CREATE TABLE events (
        id {id} PRIMARY KEY,
        at {int} NOT NULL,
        kind TEXT NOT NULL,
        organisation_id {id},
        user_id {id},
        operator_id {id},
        through {id},
        subject {id} NOT NULL,
        details TEXT NOT NULL
    ) {keyed}
    """,
    "CREATE INDEX events_by_organisation ON events (organisation_id, id)",
    """
    CREATE TABLE throttles (
        key {id} PRIMARY KEY,
        failures {int} NOT NULL,
        last_at {int} NOT NULL,
        blocked_until {int} NOT NULL
    ) {keyed}
    """,
)


def upgrade() -> None:
    """Create the tables and indexes."""
    types = _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES
    for statement in _STATEMENTS:
        op.execute(statement.format_map(types))
