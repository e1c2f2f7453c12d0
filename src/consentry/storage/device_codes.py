"""What devices ask for, each answered once and redeemed once."""

from datetime import datetime, timedelta

from consentry.model.credential import AccessToken, TokenFamily
from consentry.model.device_code import DeviceAnswer, DeviceCode
from consentry.model.event import Event
from consentry.model.ids import (
    AppId,
    ClientId,
    ConnectionId,
    DeviceCodeId,
    FamilyId,
    SessionId,
    UserId,
)
from consentry.model.session import DeviceSession
from consentry.oauth.scope import Scope
from consentry.ports.authorizations import ApprovedConnection
from consentry.ports.device_codes import Claim
from consentry.storage import events
from consentry.storage.authorizations import connecting
from consentry.storage.credential_writes import opening_family
from consentry.storage.database import (
    Database,
    KeyedRead,
    Operation,
    Row,
    Statement,
    from_micros,
    from_micros_or_none,
    to_micros,
)
from consentry.storage.sessions import opening_device_session

_BEGIN = """
INSERT INTO device_codes (id, digest, user_code, app_id, scope, resource, dpop_jkt, asked_from, interval_seconds,
    created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (user_code) DO NOTHING
RETURNING id
"""

_FIND = KeyedRead("""
SELECT d.id, d.digest, d.app_id, a.client_id, d.scope, d.resource, d.dpop_jkt, d.asked_from, d.interval_seconds,
    d.created_at, d.expires_at, d.answer, d.user_id, d.session_id, d.authenticated_at, d.connection_id, d.granted_scope,
    d.family_id, a.name
FROM device_codes d JOIN apps a ON a.id = d.app_id
WHERE d.id {key}
""")

_CLAIM = """
UPDATE device_codes SET session_id = $2, user_id = $3, authenticated_at = $4
WHERE user_code = $1 AND answer IS NULL AND expires_at > $5
RETURNING id
"""

# One statement with one winner: of two answers to one request the second finds no row.
_ANSWER = """
UPDATE device_codes SET answer = $3, answered_at = $4
WHERE id = $1 AND session_id = $2 AND answer IS NULL AND expires_at > $4
RETURNING id
"""

_GRANT = "UPDATE device_codes SET connection_id = $2, granted_scope = $3 WHERE id = $1"

_POLL_IN_TIME = """
UPDATE device_codes SET polled_at = $2
WHERE id = $1 AND (polled_at IS NULL OR polled_at + interval_seconds * 1000000 <= $3)
RETURNING id
"""

_POLL_TOO_SOON = """
UPDATE device_codes SET polled_at = $2, interval_seconds = interval_seconds + $3 WHERE id = $1
RETURNING interval_seconds
"""

# One statement with one winner again: a second redemption finds no row.
_REDEEM = """
UPDATE device_codes SET family_id = $2 WHERE id = $1 AND answer = 'approved' AND family_id IS NULL RETURNING id
"""


class SqlDeviceCodeStore:
    """The store of the device grant over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, code: DeviceCode, user_code_mark: str) -> bool:
        """Keep a device's request. False, and nothing written: another has this user code."""

        def operation() -> Operation[bool]:
            values = (
                code.id,
                code.digest,
                user_code_mark,
                code.app_id,
                str(code.scope),
                code.resource,
                code.dpop_jkt,
                code.asked_from,
                int(code.interval.total_seconds()),
                to_micros(code.created_at),
                to_micros(code.expires_at),
            )
            return bool((yield Statement(_BEGIN, values)))

        return await self._database.write(operation)

    async def find(self, code_id: DeviceCodeId) -> DeviceCode | None:
        """Return the request, whatever became of it, or None."""
        for row in await self._database.read_by_key(_FIND, code_id):
            return _device_code(row)
        return None

    async def claim(self, user_code_mark: str, claim: Claim, *, now: datetime) -> DeviceCode | None:
        """Give the request of this user code to the browser, and return it."""

        def operation() -> Operation[str | None]:
            at = to_micros(claim.authenticated_at)
            values = (user_code_mark, claim.session_id, claim.user_id, at, to_micros(now))
            for row in (yield Statement(_CLAIM, values)):
                return str(row[0])
            return None

        claimed = await self._database.write(operation)
        return None if claimed is None else await self.find(DeviceCodeId(claimed))

    async def approve(self, code_id: DeviceCodeId, session_id: SessionId, answer: ApprovedConnection) -> bool:
        """Write the approval with connection, consent and event, in one transaction."""

        def operation() -> Operation[bool]:
            given = (code_id, session_id, DeviceAnswer.APPROVED, to_micros(answer.at))
            if not (yield Statement(_ANSWER, given)):
                return False
            connection_id, granted = yield from connecting(answer)
            yield Statement(_GRANT, (code_id, connection_id, str(granted)))
            return True

        return await self._database.write(operation)

    async def decline(self, code_id: DeviceCodeId, session_id: SessionId, event: Event) -> bool:
        """Write that the person declined."""

        def operation() -> Operation[bool]:
            if not (yield Statement(_ANSWER, (code_id, session_id, DeviceAnswer.DECLINED, to_micros(event.at)))):
                return False
            yield events.append(event)
            return True

        return await self._database.write(operation)

    async def poll(
        self, code_id: DeviceCodeId, *, now: datetime, early: timedelta, slower_by: timedelta
    ) -> timedelta | None:
        """Note that the device asked; where it asked too soon, return the interval that it must keep from now on."""

        def operation() -> Operation[int | None]:
            if (yield Statement(_POLL_IN_TIME, (code_id, to_micros(now), to_micros(now + early)))):
                return None
            rows = yield Statement(_POLL_TOO_SOON, (code_id, to_micros(now), int(slower_by.total_seconds())))
            return int(rows[0][0]) if rows else None

        seconds = await self._database.write(operation)
        return None if seconds is None else timedelta(seconds=seconds)

    async def redeem(
        self, code_id: DeviceCodeId, family: TokenFamily, token: AccessToken, session: DeviceSession | None
    ) -> bool:
        """Store the one family of an approved request, its first access token, and the device's session."""

        def operation() -> Operation[bool]:
            if not (yield Statement(_REDEEM, (code_id, family.id))):
                return False
            yield from opening_family(family, token)
            if session is not None:
                yield from opening_device_session(session)
            return True

        return await self._database.write(operation)


def _device_code(row: Row) -> DeviceCode:
    return DeviceCode(
        id=DeviceCodeId(row[0]),
        digest=row[1],
        app_id=AppId(row[2]),
        client_id=ClientId(row[3]),
        scope=Scope.parse(row[4]),
        resource=row[5],
        dpop_jkt=row[6],
        asked_from=row[7],
        interval=timedelta(seconds=row[8]),
        created_at=from_micros(row[9]),
        expires_at=from_micros(row[10]),
        answer=None if row[11] is None else DeviceAnswer(row[11]),
        user_id=None if row[12] is None else UserId(row[12]),
        session_id=None if row[13] is None else SessionId(row[13]),
        authenticated_at=from_micros_or_none(row[14]),
        connection_id=None if row[15] is None else ConnectionId(row[15]),
        granted_scope=Scope.parse(row[16]),
        family_id=None if row[17] is None else FamilyId(row[17]),
        app_name=row[18],
    )
