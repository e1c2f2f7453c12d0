"""The writes of the token endpoint for a whole set at once, on PostgreSQL.

The row that decides is taken first (`SKIP LOCKED`: nobody in a set waits for a row, and so no two sets can wait for
each other), and a code or a family that comes twice is taken for the first that asks. Each answers with the places of
those who won.
"""

from consentry.storage.database import FEW

_ACCESS_COLUMNS = "token_id, token_digest, token_family, token_scope, token_resource, issued_at, token_ends, token_jkt"
_APPENDED = f"""
    INSERT INTO access_tokens (id, digest, family_id, scope, resource, issued_at, expires_at, dpop_jkt, connection_id)
    SELECT {_ACCESS_COLUMNS}, connection FROM won
"""  # noqa: S608 - composed of constants only

REDEEM_MANY = f"""
WITH asked AS (
    SELECT DISTINCT ON (code COLLATE "C") * FROM unnest(
        $1::text[], $2::bigint[],
        $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::bigint[], $10::bigint[],
        $11::bigint[], $12::text[],
        $13::text[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::bigint[], $19::bigint[], $20::text[]
    ) WITH ORDINALITY AS asked (
        code, consumed_at,
        family, connection, scope, resource, digest, generation, created_at, idle_ends, ends, jkt,
        {_ACCESS_COLUMNS}, place
    ) WHERE {FEW} ORDER BY code COLLATE "C", place
), won AS (
    UPDATE authorization_codes q SET consumed_at = taken.consumed_at, family_id = taken.family
    FROM (
        SELECT asked.* FROM asked, LATERAL (
            SELECT id FROM authorization_codes WHERE id = asked.code AND consumed_at IS NULL
            FOR UPDATE SKIP LOCKED LIMIT 1
        ) free
    ) taken
    WHERE q.id = taken.code
    RETURNING taken.*, q.session_id, q.authenticated_at, q.claims
), opened AS (
    INSERT INTO token_families (id, connection_id, scope, resource, refresh_digest, generation, created_at, rotated_at,
        idle_expires_at, expires_at, dpop_jkt, session_id, authenticated_at, claims)
    SELECT family, connection, scope, resource, digest, generation, created_at, created_at, idle_ends, ends, jkt,
        session_id, authenticated_at, claims
    FROM won
), appended AS ({_APPENDED})
SELECT place FROM won
"""  # noqa: S608 - composed of constants only

ROTATE_MANY = f"""
WITH asked AS (
    SELECT DISTINCT ON (family COLLATE "C") * FROM unnest(
        $1::text[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bytea[], $6::text[], $7::bigint[], $8::bigint[],
        $9::text[], $10::bytea[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[]
    ) WITH ORDINALITY AS asked (
        family, from_generation, digest, generation, sealed, scope, rotated_at, idle_ends, {_ACCESS_COLUMNS}, place
    ) WHERE {FEW} ORDER BY family COLLATE "C", place
), won AS (
    UPDATE token_families f SET refresh_digest = taken.digest, generation = taken.generation,
        sealed_successor = taken.sealed, successor_scope = taken.scope, rotated_at = taken.rotated_at,
        idle_expires_at = taken.idle_ends
    FROM (
        SELECT asked.* FROM asked, LATERAL (
            SELECT id FROM token_families
            WHERE id = asked.family AND generation = asked.from_generation AND ended_at IS NULL
            FOR UPDATE SKIP LOCKED LIMIT 1
        ) living
    ) taken
    WHERE f.id = taken.family
    RETURNING taken.*, f.connection_id AS connection
), appended AS ({_APPENDED})
SELECT place FROM won
"""  # noqa: S608 - composed of constants only

# Here a family that comes twice gets two tokens: servers of one app that share a refresh token refresh at once.
EXTEND_MANY = f"""
WITH asked AS (
    SELECT * FROM unnest(
        $1::text[], $2::bigint[],
        $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[]
    ) WITH ORDINALITY AS asked (family, idle_ends, {_ACCESS_COLUMNS}, place)
    WHERE {FEW}
), living AS (
    UPDATE token_families f SET idle_expires_at = taken.idle_ends
    FROM (
        SELECT latest.* FROM (
            SELECT family, max(idle_ends) AS idle_ends FROM asked GROUP BY family
        ) latest, LATERAL (
            SELECT id FROM token_families WHERE id = latest.family AND ended_at IS NULL FOR UPDATE SKIP LOCKED LIMIT 1
        ) living
    ) taken
    WHERE f.id = taken.family
    RETURNING f.id, f.connection_id AS connection
), won AS (
    SELECT asked.*, living.connection FROM asked JOIN living ON living.id = asked.family
), appended AS ({_APPENDED})
SELECT place FROM won
"""  # noqa: S608 - composed of constants only
