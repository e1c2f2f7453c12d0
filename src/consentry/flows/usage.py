"""Recording when credentials were used, beside the requests and never on their way.

Uses gather in memory; every second those that are due are written together, each credential at most once a
minute. What a crash loses is at most a minute of "last used", and never authority.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from consentry.log import Log
from consentry.model.ids import ApiKeyId, ConnectionId, SecretId
from consentry.model.micros import from_micros, to_micros
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

    `run` and `flush` belong to one event loop. A use is `at` so many microseconds since the epoch.
    """

    def __init__(self, store: UsageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting = {kind: _Waiting() for kind in UsedKind}
        self._connections = self._waiting[UsedKind.CONNECTION]
        # In the order of time, so that those of more than a minute ago are the first.
        self._written_at: dict[_Key, datetime] = {}

    def record_connection(self, connection_id: ConnectionId, at: int) -> None:
        """Note that a token of the connection was used. Only memory is touched."""
        last_at = self._connections.last_at
        if connection_id not in last_at:
            # Hardly ever: so most calls touch one dictionary, of as many entries as there are connections in use.
            self._connections.first_at[connection_id] = at
        last_at[connection_id] = at

    def record_api_key(self, key_id: ApiKeyId, at: int, address: str | None) -> None:
        """Note that the key was used, and from which network address."""
        self._waiting[UsedKind.API_KEY].note(key_id, at, address)

    def record_secret(self, secret_id: SecretId, at: int) -> None:
        """Note that an app authenticated with this client secret."""
        self._waiting[UsedKind.SECRET].note(secret_id, at, None)

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
        self._forget_written(self._clock.now())
        await self._write(key for key in self._keys() if key not in self._written_at)

    async def flush(self) -> None:
        """Write everything that waits: at shutdown, and before a test looks."""
        await self._write(self._keys())

    def _forget_written(self, now: datetime) -> None:
        while self._written_at:
            key, at = next(iter(self._written_at.items()))
            if now - at < ONCE_PER:
                return
            del self._written_at[key]

    def _keys(self) -> list[_Key]:
        return [(kind, name) for kind, waiting in self._waiting.items() for name in list(waiting.last_at)]

    async def _write(self, keys: Iterable[_Key]) -> None:
        due = list(keys)
        for start in range(0, len(due), USES_PER_WRITE):
            taken = [self._waiting[kind].take(kind, name) for kind, name in due[start : start + USES_PER_WRITE]]
            batch = [use for use in taken if use is not None]
            try:
                await self._store.write(batch)
            except BaseException:
                # A cancellation loses nothing either: an update that was written after all is harmless to repeat.
                for use in batch:
                    self._waiting[use.kind].put_back(use)
                raise
            now = self._clock.now()
            for use in batch:
                self._written_at.pop((use.kind, use.id), None)
                self._written_at[use.kind, use.id] = now


class _Waiting:
    """The uses of one kind of credential that wait to be written.

    There is no lock, because a check may not wait for one. Each step is one operation of a dictionary, which no thread
    sees half done; the last use is what makes a credential wait, and it is set last and taken first.
    """

    def __init__(self) -> None:
        self.first_at: dict[str, int] = {}
        self.last_at: dict[str, int] = {}
        self._addresses: dict[str, str] = {}

    def note(self, name: str, at: int, address: str | None) -> None:
        """Note one use."""
        self.first_at.setdefault(name, at)
        if address is not None:
            self._addresses[name] = address
        self.last_at[name] = at

    def take(self, kind: UsedKind, name: str) -> Use | None:
        """Return what waits for one credential, which then waits no more; None where nothing does."""
        last_at = self.last_at.pop(name, None)
        if last_at is None:
            return None
        first_at = self.first_at.pop(name, last_at)
        return Use(kind, name, from_micros(first_at), from_micros(last_at), self._addresses.pop(name, None))

    def put_back(self, use: Use) -> None:
        """Let a use wait that could not be written, with those that came after it."""
        self.first_at[use.id] = to_micros(use.first_at)
        if use.address is not None:
            self._addresses.setdefault(use.id, use.address)
        self.last_at.setdefault(use.id, to_micros(use.last_at))
