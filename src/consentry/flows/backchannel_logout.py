"""Telling apps that a session has ended, from a queue that outlives this process. Back-Channel Logout 1.0 §2.5, §2.8.

Nobody who signs out waits for an app. What could not be delivered is tried again, ever less often, for most of a day.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.log import Log
from consentry.model.app import App, AppStatus
from consentry.model.logout_delivery import LogoutDelivery
from consentry.oauth.logout_token import TYP, logout_claims
from consentry.ports.apps import AppStore
from consentry.ports.logout import LogoutDeliveryStore
from consentry.ports.outbound import Outbound, OutboundError
from consentry.ports.world import Clock, SecretSource

LOOK_EVERY_SECONDS = 5.0
"""How often a server looks for what other processes put into the queue."""

AT_ONCE = 20

_log = Log(__name__)
_DONE, _REFUSED = frozenset({200, 204}), 400


@dataclass(frozen=True, slots=True)
class BackchannelLogout:
    """Delivers logout tokens while the server runs. Any number of servers may deliver at once."""

    deliveries: LogoutDeliveryStore
    apps: AppStore
    signing_keys: SigningKeys
    subjects: Subjects
    outbound: Outbound
    issuer: str
    clock: Clock
    secrets: SecretSource
    _nudged: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False, compare=False)

    def nudge(self) -> None:
        """Look into the queue now rather than in a few seconds."""
        self._nudged.set()

    async def run(self) -> None:
        """Deliver what is due, for as long as the server runs. A fault is logged and the next look tries again."""
        while True:
            self._nudged.clear()
            try:
                while await self.deliver_due():
                    pass
            except Exception as fault:  # noqa: BLE001 - delivering must go on, and a fault's text may hold data
                _log.warning("logout_delivery_failed", fault=type(fault).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_SECONDS):
                    await self._nudged.wait()

    async def deliver_due(self) -> int:
        """Make one attempt for each of the deliveries that are due, up to a number; return how many were begun."""
        due = await self.deliveries.due(now=self.clock.now(), limit=AT_ONCE)
        return sum(await asyncio.gather(*(self._attempt(one) for one in due)))

    async def _attempt(self, delivery: LogoutDelivery) -> bool:
        now = self.clock.now()
        next_at = delivery.next_attempt_at(now)
        # The next attempt is due long after this one must have ended, so that no two servers make one at a time.
        if not await self.deliveries.claim(delivery, next_at=next_at or now):
            return False
        outcome = await self._deliver(delivery)
        if outcome is None and next_at is None:
            outcome = "given up"
            _log.warning("logout_given_up", app=delivery.app_id)
        if outcome is not None:
            await self.deliveries.finish(delivery, outcome, now=self.clock.now())
        return True

    async def _deliver(self, delivery: LogoutDelivery) -> str | None:
        """Return how the delivery ended, or None where it is worth another attempt."""
        app = await self.apps.find_app(delivery.client_id)
        if app is None or app.status is not AppStatus.ACTIVE:
            return "the app is gone"
        try:
            status = await self.outbound.post_form(delivery.uri, {"logout_token": await self._token(app, delivery)})
        except OutboundError:
            return None
        if status == _REFUSED:
            # §2.8: the app will not have it, and would not have it later.
            _log.warning("logout_refused", app=delivery.app_id)
            return "refused"
        return "delivered" if status in _DONE else None

    async def _token(self, app: App, delivery: LogoutDelivery) -> str:
        """Return a new token for each attempt: an app that remembers `jti` must not take a second for a replay."""
        claims = logout_claims(
            issuer=self.issuer,
            subject=self.subjects.subject(app, delivery.user_id),
            audience=app.client_id,
            sid=self.subjects.session(app, delivery.session_id),
            token_id=self.secrets.new_id(),
            now=self.clock.now(),
        )
        algorithm = app.metadata.id_token_signed_response_alg
        return await self.signing_keys.sign(claims, typ=TYP, algorithm=algorithm)
