"""The writes of the token endpoint: a change that has one winner, and the access token for whoever wins.

Each is written twice, because these are the writes that many wait for at once: for one caller, and for a whole set on
PostgreSQL. In a set, the row that decides is taken first (`SKIP LOCKED`: nobody in it waits for a row, and so no two
sets can wait for each other), and a code or a family that comes twice is taken for the first that asks.
"""

from consentry.storage.database import FEW, Operation, SetWrite, Statement, Value

# One statement with one winner: a second redemption finds no row, whoever runs it.
_CONSUME_CODE = """
UPDATE authorization_codes SET consumed_at = $2, family_id = $3
WHERE id = $1 AND consumed_at IS NULL
RETURNING session_id, authenticated_at, claims
"""

_INSERT_FAMILY = """
INSERT INTO token_families (id, connection_id, scope, resource, refresh_digest, generation, sealed_successor,
    successor_scope, created_at, rotated_at, idle_expires_at, expires_at, ended_at, dpop_jkt,
    session_id, authenticated_at, claims)
VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, $7, $7, $8, $9, NULL, $10, $11, $12, $13)
"""

_ROTATE = """
UPDATE token_families
SET refresh_digest = $3, generation = $4, sealed_successor = $5, successor_scope = $6, rotated_at = $7,
    idle_expires_at = $8
WHERE id = $1 AND generation = $2 AND ended_at IS NULL
RETURNING connection_id
"""

_EXTEND = """
UPDATE token_families SET idle_expires_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING connection_id
"""

_APPEND_ACCESS = """
INSERT INTO access_tokens (id, digest, family_id, scope, resource, issued_at, expires_at, dpop_jkt, connection_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


def _redeem(*values: Value) -> Operation[bool]:
    consumed = yield Statement(_CONSUME_CODE, values[:3])
    if not consumed:
        return False
    # How the user had signed in goes from the code to its family without passing through here.
    yield Statement(_INSERT_FAMILY, (*values[2:12], *consumed[0]))
    yield Statement(_APPEND_ACCESS, (*values[12:], values[3]))
    return True


def _rotate(*values: Value) -> Operation[bool]:
    family = yield Statement(_ROTATE, values[:8])
    if not family:
        return False
    yield Statement(_APPEND_ACCESS, (*values[8:], *family[0]))
    return True


def _extend(*values: Value) -> Operation[bool]:
    family = yield Statement(_EXTEND, values[:2])
    if not family:
        return False
    yield Statement(_APPEND_ACCESS, (*values[2:], *family[0]))
    return True


_ACCESS_COLUMNS = "token_id, token_digest, token_family, token_scope, token_resource, issued_at, token_ends, token_jkt"
_APPENDED = f"""
    INSERT INTO access_tokens (id, digest, family_id, scope, resource, issued_at, expires_at, dpop_jkt, connection_id)
    SELECT {_ACCESS_COLUMNS}, connection FROM won
"""  # noqa: S608 - composed of constants only

_REDEEM_MANY = f"""
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

_ROTATE_MANY = f"""
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
_EXTEND_MANY = f"""
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


def opening(*values: Value) -> Operation[None]:
    """Store a family that no code opens, and its first access token, in the transaction of what opens it.

    Values: the family's as `REDEEM` takes them, session, when it was signed in to, claims; the token.
    """
    yield Statement(_INSERT_FAMILY, values[:13])
    yield Statement(_APPEND_ACCESS, (*values[13:], values[1]))


REDEEM = SetWrite(_redeem, _REDEEM_MANY)
"""Consumes a code and stores its family and first access token.

Values: code and when; family, connection, scope, resource, digest, generation, created, idle end, end, thumbprint; the
token.
"""

ROTATE = SetWrite(_rotate, _ROTATE_MANY)
"""Puts the next refresh token in place of that of a generation, and stores an access token.

Values: family, generation before; digest, generation, sealed successor, its scope, rotated, idle end; the token.
"""

EXTEND = SetWrite(_extend, _EXTEND_MANY)
"""Stores a further access token of a family that lives, and puts off its idle end.

Values: family and its idle end; the token. A token is: id, digest, family, scope, resource, issued, end, thumbprint.
"""
