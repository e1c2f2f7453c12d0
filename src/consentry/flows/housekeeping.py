"""Removing what has expired: small batches along the primary key, with a pause after each.

Nothing depends on this being done: an expired row opens nothing. What must still be recognised for a while after its
end (a replayed code, a refresh token of an ended family) is kept for that while.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consentry.flows.token_policy import LONGEST_ACCESS_TOKEN_LIFETIME
from consentry.log import Log
from consentry.model.ids import RANDOM_BYTES, encode_id
from consentry.ports.housekeeping import HousekeepingStore, Leftover
from consentry.ports.world import Clock

ROWS_PER_BATCH = 500
SWEEP_EVERY = timedelta(minutes=5)
PAUSE = timedelta(milliseconds=20)

_log = Log(__name__)
_DAY = timedelta(days=1)
# Later than every key of a table, whatever it is made of: a throttle's key holds what somebody typed.
_END = "\U0010ffff"
# How long a row is kept after its end. A replayed code, or a refresh token of an ended family, is known for a day.
_KEPT = {
    Leftover.ACCESS_TOKEN: timedelta(),
    Leftover.AUTHORIZATION_CODE: _DAY,
    Leftover.DEVICE_CODE: _DAY,
    Leftover.PENDING_AUTHORIZATION: timedelta(hours=1),
    Leftover.PUSHED_REQUEST: _DAY,
    Leftover.SESSION: _DAY,
    Leftover.SESSION_APP: _DAY,
    Leftover.LOGOUT_DELIVERY: _DAY,
    # An access token of an ended family is told by the family's row.
    Leftover.TOKEN_FAMILY: LONGEST_ACCESS_TOKEN_LIFETIME + _DAY,
    Leftover.THROTTLE: _DAY,
    Leftover.USED_PROOF: timedelta(),
    # One that is asked for again is fetched anew, with its mark: that spares its server the body.
    Leftover.FETCHED_DOCUMENT: 7 * _DAY,
    # For so long it is looked whether all connections of a deleted app have ended.
    Leftover.DELETED_APP: _DAY,
}


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The shortest time that a row of these kinds lives: no younger row need be looked at.

    `unused_app` is how long an app that registered itself is kept while nobody connects it.
    """

    access_token: timedelta
    code: timedelta
    unused_app: timedelta = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Sweeps expired rows away while the server runs. Any number of servers may sweep at once."""

    store: HousekeepingStore
    clock: Clock
    lifetimes: Lifetimes
    pause: timedelta = field(default=PAUSE)

    async def run(self) -> None:
        """Sweep every few minutes, for as long as the server runs. A fault is logged and the next sweep tries again."""
        while True:
            await asyncio.sleep(SWEEP_EVERY.total_seconds())
            try:
                await self.sweep_once()
            except Exception as fault:  # noqa: BLE001 - sweeping must go on, and a fault's text may hold data
                _log.warning("sweep_failed", fault=type(fault).__name__)

    async def sweep_once(self) -> int:
        """Remove every row whose time is over; return how many went."""
        return sum([await self._sweep(kind) for kind in Leftover])

    async def _sweep(self, kind: Leftover) -> int:
        now = self.clock.now()
        expired_before = now - (self.lifetimes.unused_app if kind is Leftover.UNUSED_APP else _KEPT[kind])
        before = self._first_key_not_due(kind, expired_before)
        after, removed = "", 0
        while True:
            batch = await self.store.look(
                kind, after=after, before=before, expired_before=expired_before, limit=ROWS_PER_BATCH
            )
            if batch is None:
                return removed
            if batch.expired:
                await self.store.remove(kind, after=after, last=batch.last, expired_before=expired_before)
                removed += batch.expired
            after = batch.last
            await asyncio.sleep(self.pause.total_seconds())

    def _first_key_not_due(self, kind: Leftover, expired_before: datetime) -> str:
        """Return the key from which on every row is too young to have expired.

        Identifiers are ordered by time, so that the walk through the tables of great volume ends where the live rows
        begin.
        """
        match kind:
            case Leftover.ACCESS_TOKEN:
                return _first_id_of(expired_before - self.lifetimes.access_token)
            case Leftover.AUTHORIZATION_CODE:
                return _first_id_of(expired_before - self.lifetimes.code)
            case _:
                return _END


def _first_id_of(moment: datetime) -> str:
    # The next millisecond's, because an identifier tells its own only to the millisecond.
    return encode_id(int(moment.timestamp() * 1000) + 1, bytes(RANDOM_BYTES))
