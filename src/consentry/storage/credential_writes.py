"""What changes codes, token families and access tokens: whole operations, each of which has one winner."""

from datetime import datetime

from consentry.model.credential import AccessToken, AuthorizationCode, Rotation, SignInFacts, TokenFamily
from consentry.model.event import Event
from consentry.model.ids import CodeId, ConnectionId, FamilyId, TokenId
from consentry.storage import events
from consentry.storage.database import Database, Operation, Statement, Value, to_micros
from consentry.storage.token_writes import EXTEND, REDEEM, ROTATE, opening

_COUNT_WRONG_PROOF = """
UPDATE authorization_codes
SET wrong_proofs = wrong_proofs + 1,
    consumed_at = CASE WHEN wrong_proofs + 1 >= $2 THEN coalesce(consumed_at, $3) ELSE consumed_at END
WHERE id = $1
"""

_INSERT_CODE = """
INSERT INTO authorization_codes (id, digest, connection_id, app_id, redirect_uri, code_challenge, scope, nonce,
    resource, issued_at, expires_at, consumed_at, wrong_proofs, family_id, dpop_jkt,
    session_id, authenticated_at, claims)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, 0, NULL, $12, $13, $14, $15)
"""

_END_FAMILY = "UPDATE token_families SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id"

_DELETE_ACCESS_TOKEN = "DELETE FROM access_tokens WHERE id = $1 RETURNING id"  # noqa: S105 - a statement


class CredentialWrites:
    """The changing half of the store of credentials over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_wrong_proof(self, code_id: CodeId, *, most: int, now: datetime) -> None:
        """Count a wrong proof of possession; the one that makes it `most` consumes the code."""

        def operation() -> Operation[None]:
            yield Statement(_COUNT_WRONG_PROOF, (code_id, most, to_micros(now)))

        await self._database.write(operation)

    async def redeem_code(self, code_id: CodeId, family: TokenFamily, token: AccessToken) -> bool:
        """Consume the code and store its family and first access token, in one transaction."""
        return await self._database.write_set(
            REDEEM,
            code_id,
            family.created_micros,
            *_values_of_family(family),
            *_values_of(token),
        )

    async def rotate_refresh_token(self, rotation: Rotation, token: AccessToken) -> bool:
        """Put the new refresh token in place of that of the generation before, and store the access token."""
        return await self._database.write_set(
            ROTATE,
            rotation.family_id,
            rotation.generation - 1,
            rotation.refresh_digest,
            rotation.generation,
            rotation.sealed_successor,
            str(rotation.successor_scope),
            rotation.rotated_micros,
            rotation.idle_expires_micros,
            *_values_of(token),
        )

    async def extend_family(self, token: AccessToken, *, idle_expires_micros: int) -> bool:
        """Store a further access token of a family that lives, and put off its idle end."""
        return await self._database.write_set(EXTEND, token.family_id, idle_expires_micros, *_values_of(token))

    async def end_family(self, family_id: FamilyId, event: Event, *, now: datetime) -> None:
        """End the family with all its tokens: one row."""
        await self._database.write(events.changing, Statement(_END_FAMILY, (family_id, to_micros(now))), event)

    async def delete_access_token(self, token_id: TokenId, event: Event) -> None:
        """Remove one access token."""
        await self._database.write(events.changing, Statement(_DELETE_ACCESS_TOKEN, (token_id,)), event)


def inserting_code(code: AuthorizationCode, connection_id: ConnectionId) -> Statement:
    """Return the statement that stores a new code, to be yielded in the operation that writes the approval."""
    return Statement(
        _INSERT_CODE,
        (
            code.id,
            code.digest,
            connection_id,
            code.app_id,
            code.redirect_uri,
            code.code_challenge,
            str(code.scope),
            code.nonce,
            code.resource,
            to_micros(code.issued_at),
            to_micros(code.expires_at),
            code.dpop_jkt,
            *_values_of_sign_in(code.sign_in),
        ),
    )


def opening_family(family: TokenFamily, token: AccessToken) -> Operation[None]:
    """Store a family and its first access token, in the transaction of what opens it."""
    return opening(*_values_of_family(family), *_values_of_sign_in(family.sign_in), *_values_of(token))


def _values_of_family(family: TokenFamily) -> tuple[Value, ...]:
    return (
        family.id,
        family.connection_id,
        str(family.scope),
        family.resource,
        family.refresh_digest,
        family.generation,
        family.created_micros,
        family.idle_expires_micros,
        family.expires_micros,
        family.dpop_jkt,
    )


def _values_of_sign_in(facts: SignInFacts | None) -> tuple[Value, ...]:
    return (None, None, None) if facts is None else (facts.session_id, to_micros(facts.authenticated_at), facts.claims)


def _values_of(token: AccessToken) -> tuple[Value, ...]:
    return (
        token.id,
        token.digest,
        token.family_id,
        str(token.scope),
        token.resource,
        token.issued_micros,
        token.expires_micros,
        token.dpop_jkt,
    )
