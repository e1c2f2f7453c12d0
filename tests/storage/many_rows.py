"""PostgreSQL tables with as many rows as make its planner think of a big installation: half of all to one app."""

import asyncpg

_ID = "lpad(n::text, 22, '0')"
_FILL = f"""
INSERT INTO organisations (id, name, standing, created_at)
    SELECT 'org_' || {_ID}, 'Org ' || n, 'active', n FROM generate_series(1, 20000) n;
INSERT INTO users (id, email, name, standing, created_at)
    SELECT 'usr_' || {_ID}, n || '@many.test', 'User ' || n, 'active', n FROM generate_series(1, 20000) n;
INSERT INTO members (organisation_id, user_id, standing, created_at)
    SELECT 'org_' || lpad((n % 500 + 1)::text, 22, '0'), 'usr_' || {_ID}, 'active', n FROM generate_series(1, 20000) n;
INSERT INTO member_roles (organisation_id, user_id, role) SELECT organisation_id, user_id, 'owner' FROM members
    ON CONFLICT DO NOTHING;
INSERT INTO roles (organisation_id, name, permissions, updated_at)
    SELECT 'org_' || lpad((n % 500 + 1)::text, 22, '0'), 'role' || n, '', n FROM generate_series(1, 2000) n;
INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes,
                  require_pkce, status, created_at, updated_at)
    SELECT 'app_' || {_ID}, 'client' || n, 'org_' || lpad((n % 500 + 1)::text, 22, '0'), 'App ' || n, 'public',
           'https://many.test/', '', '', 1, 'active', n, n FROM generate_series(1, 5000) n;
INSERT INTO app_secrets (id, app_id, digest, hint, created_at)
    SELECT 'sec_' || {_ID}, 'app_' || lpad((n % 5000 + 1)::text, 22, '0'), ''::bytea, '', n
    FROM generate_series(1, 10000) n;
INSERT INTO redirect_refusals (app_id, redirect_uri, part, times, first_at, last_at)
    SELECT 'app_' || lpad((n % 2000 + 1)::text, 22, '0'), 'https://many.test/' || n, 'path', 1, n, n
    FROM generate_series(1, 10000) n;
INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at,
                         ended_at)
    SELECT 'con_' || {_ID}, 'org_' || lpad((n % 500 + 1)::text, 22, '0'),
           'usr_' || lpad((n % 20000 + 1)::text, 22, '0'),
           'app_' || lpad((CASE WHEN n % 2 = 0 THEN 1 ELSE n % 4999 + 2 END)::text, 22, '0'), '', '', n, n,
           CASE WHEN n > 20000 THEN n END
    FROM generate_series(1, 60000) n;
INSERT INTO consents (id, connection_id, user_id, asked, approved, page_version, at)
    SELECT {_ID}, 'con_' || {_ID}, '', '', '', '', n FROM generate_series(1, 20000) n;
INSERT INTO pending_authorizations (id, session_id, user_id, client_id, query, created_at, expires_at)
    SELECT {_ID}, '', '', '', '', n, n FROM generate_series(1, 20000) n;
INSERT INTO sessions (id, digest, user_id, authenticated_at, seen_at, expires_at)
    SELECT {_ID}, ''::bytea, 'usr_' || {_ID}, n, n, n FROM generate_series(1, 20000) n;
INSERT INTO authorization_codes (id, digest, connection_id, app_id, redirect_uri, scope, issued_at, expires_at,
                                 wrong_proofs)
    SELECT {_ID}, ''::bytea, 'con_' || {_ID}, '', '', '', n, n, 0 FROM generate_series(1, 20000) n;
INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, rotated_at,
                            idle_expires_at, expires_at)
    SELECT {_ID}, 'con_' || {_ID}, '', ''::bytea, 1, n, n, n, n FROM generate_series(1, 20000) n;
INSERT INTO access_tokens (id, digest, family_id, scope, issued_at, expires_at)
    SELECT {_ID}, ''::bytea, {_ID}, '', n, n FROM generate_series(1, 20000) n;
INSERT INTO api_keys (id, organisation_id, user_id, name, permissions, digest, hint, allowed_networks, created_at,
                      updated_at)
    SELECT 'key_' || {_ID}, 'org_' || lpad((n % 500 + 1)::text, 22, '0'),
           'usr_' || lpad((n % 20000 + 1)::text, 22, '0'), '', '', ''::bytea, '', '', n, n
    FROM generate_series(1, 20000) n;
INSERT INTO events (id, at, kind, organisation_id, subject, details)
    SELECT 'evt_' || {_ID}, n, 'x', 'org_' || lpad((n % 500 + 1)::text, 22, '0'), '', '{{}}'
    FROM generate_series(1, 40000) n;
INSERT INTO throttles (key, failures, last_at, blocked_until) SELECT {_ID}, 1, n, n FROM generate_series(1, 20000) n;
INSERT INTO pushed_requests (id, digest, app_id, query, created_at, expires_at)
    SELECT {_ID}, ''::bytea, '', '', n, n FROM generate_series(1, 20000) n;
INSERT INTO device_codes (id, digest, user_code, app_id, scope, asked_from, interval_seconds, created_at, expires_at)
    SELECT {_ID}, ''::bytea, {_ID}, '', '', '', 5, n, n FROM generate_series(1, 20000) n;
INSERT INTO used_proofs (id, expires_at) SELECT {_ID}, n FROM generate_series(1, 20000) n;
INSERT INTO fetched_documents (url, body, fetched_at, expires_at)
    SELECT 'https://many.test/' || {_ID}, '', n, n FROM generate_series(1, 20000) n;
INSERT INTO session_apps (session_id, app_id, user_id, created_at)
    SELECT {_ID}, 'app_' || lpad((n % 5000 + 1)::text, 22, '0'), '', n FROM generate_series(1, 20000) n;
INSERT INTO logout_deliveries (id, app_id, uri, subject, attempts, created_at, next_at, done_at)
    SELECT {_ID}, '', '', '', 0, n, n, CASE WHEN n > 100 THEN n END FROM generate_series(1, 20000) n;
INSERT INTO registration_tokens (id, name, digest, created_at)
    SELECT 'rgt_' || {_ID}, '', ''::bytea, n FROM generate_series(1, 20000) n;
ANALYZE
"""  # noqa: S608 - composed of constants only


async def fill_postgres(connection: asyncpg.Connection) -> None:
    """Fill the tables of a migrated database."""
    await connection.execute(_FILL)
