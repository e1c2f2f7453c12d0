"""The writes of the token endpoint: a change that has one winner, and the access token for whoever wins.

Each is written twice, because these are the writes that many wait for at once: here for one caller, and in
`token_sets` for a whole set on PostgreSQL.
"""

from consentry.storage.database import Operation, SetWrite, Statement, Value
from consentry.storage.token_sets import EXTEND_MANY, REDEEM_MANY, ROTATE_MANY

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


def opening(*values: Value) -> Operation[None]:
    """Store a family that no code opens, and its first access token, in the transaction of what opens it.

    Values: the family's as `REDEEM` takes them, session, when it was signed in to, claims; the token.
    """
    yield Statement(_INSERT_FAMILY, values[:13])
    yield Statement(_APPEND_ACCESS, (*values[13:], values[1]))


REDEEM = SetWrite(_redeem, REDEEM_MANY)
"""Consumes a code and stores its family and first access token.

Values: code and when; family, connection, scope, resource, digest, generation, created, idle end, end, thumbprint; the
token.
"""

ROTATE = SetWrite(_rotate, ROTATE_MANY)
"""Puts the next refresh token in place of that of a generation, and stores an access token.

Values: family, generation before; digest, generation, sealed successor, its scope, rotated, idle end; the token.
"""

EXTEND = SetWrite(_extend, EXTEND_MANY)
"""Stores a further access token of a family that lives, and puts off its idle end.

Values: family and its idle end; the token. A token is: id, digest, family, scope, resource, issued, end, thumbprint.
"""
