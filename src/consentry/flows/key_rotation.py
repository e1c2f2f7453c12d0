"""New signing keys on a schedule, while the server runs. OpenID Connect Core 1.0 §10.1.1."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from consentry.flows.signing_keys import SigningKeys
from consentry.log import Log

LOOK_EVERY = timedelta(minutes=10)

_log = Log(__name__)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """Replaces keys that are older than `lifetime`. Any number of servers may look: of those that try, one wins."""

    keys: SigningKeys
    lifetime: timedelta

    async def run(self) -> None:
        """Look every few minutes, for as long as the server runs. A fault is logged and the next look tries again."""
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                await self.keys.rotate_due(self.lifetime)
            except Exception as fault:  # noqa: BLE001 - signing goes on with the key that there is
                _log.warning("key_rotation_failed", fault=type(fault).__name__)
