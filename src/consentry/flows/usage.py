"""Recording when credentials were used, beside the requests and never on their way.

Uses gather in memory; every second those that are due are written together, each credential at most once a
minute. What a crash loses is at most a minute of "last used", and never authority.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock

from consentry.log import Log
from consentry.model.ids import ApiKeyId, ConnectionId, SecretId
from consentry.ports.usage import UsageStore, Use, UsedKind
from consentry.ports.world import Clock

WRITE_EVERY = timedelta(seconds=1)
ONCE_PER = timedelta(minutes=1)
# So many updates take the writer a few milliseconds, and a check that waits behind them is not held up.
USES_PER_WRITE = 500

_log = Log(__name__)
_Key = tuple[UsedKind, str]


class UsageRecorder:
    """Gathers uses, from any thread; `run` writes them until it is cancelled, and `flush` writes the rest.

    `run` and `flush` belong to one event loop.
    """

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[_Key, Use] = {}
        self._written_at: dict[_Key, datetime] = {}

    def record_connection(self, connection_id: ConnectionId, at: datetime) -> None:
        """Note that a token of the connection was used. Only memory is touched."""
        self._note(Use(UsedKind.CONNECTION, connection_id, at, at, None))

    def record_api_key(self, key_id: ApiKeyId, at: datetime, address: str | None) -> None:
        """Note that the key was used, and from which network address."""
        self._note(Use(UsedKind.API_KEY, key_id, at, at, address))

    def record_secret(self, secret_id: SecretId, at: datetime) -> None:
        """Note that an app authenticated with this client secret."""
        self._note(Use(UsedKind.SECRET, secret_id, at, at, None))

    async def run(self) -> None:
        """Write what is due every second, for as long as the server runs. A fault is logged and tried again."""
        while True:
            await asyncio.sleep(WRITE_EVERY.total_seconds())
            try:
                await self.write_due()
            except Exception as fault:  # noqa: BLE001 - whatever it is, recording must go on, and its text may hold data
                _log.warning("usage_not_written", fault=type(fault).__name__)

    async def write_due(self) -> None:
        """Write the uses of every credential that was not written within the last minute."""
        now = self._clock.now()
        self._written_at = {key: at for key, at in self._written_at.items() if now - at < ONCE_PER}
        await self._write(key for key in self._keys() if key not in self._written_at)

    async def flush(self) -> None:
        """Write everything that waits: at shutdown, and before a test looks."""
        await self._write(self._keys())

    def _keys(self) -> list[_Key]:
        with self._lock:
            return list(self._waiting)

    async def _write(self, keys: Iterable[_Key]) -> None:
        due = list(keys)
        for start in range(0, len(due), USES_PER_WRITE):
            with self._lock:
                taken = [self._waiting.pop(key, None) for key in due[start : start + USES_PER_WRITE]]
            batch = [use for use in taken if use is not None]
            try:
                await self._store.write(batch)
            except BaseException:
                # A cancellation loses nothing either: an update that was written after all is harmless to repeat.
                for use in batch:
                    self._note(use)
                raise
            now = self._clock.now()
            self._written_at.update({(use.kind, use.id): now for use in batch})

    def _note(self, use: Use) -> None:
        key = (use.kind, use.id)
        with self._lock:
            waiting = self._waiting.get(key)
            self._waiting[key] = use if waiting is None else _merged(waiting, use)


def _merged(one: Use, other: Use) -> Use:
    latest, earlier = (one, other) if one.last_at > other.last_at else (other, one)
    return Use(
        one.kind,
        one.id,
        min(one.first_at, other.first_at),
        latest.last_at,
        earlier.address if latest.address is None else latest.address,
    )
