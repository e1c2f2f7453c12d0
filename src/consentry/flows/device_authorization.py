"""A device's request: made by the device, found again by the code that a person types. RFC 8628 §3.1 to §3.3."""

import asyncio
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from weakref import WeakValueDictionary

from consentry.flows.authorize import Authorize
from consentry.flows.throttle import Gates, Throttle, TooManyRequestsError
from consentry.model.client import Client
from consentry.model.device_code import FIRST_INTERVAL, DeviceCode
from consentry.model.event import Actor, Event, EventKind
from consentry.model.ids import EVENT, ClientId, DeviceCodeId, EventId
from consentry.model.secret import CredentialKind, digest, format_credential
from consentry.model.source import source_of
from consentry.model.throttling import ThrottlePolicy
from consentry.oauth.client_metadata import DEVICE_CODE
from consentry.oauth.device_authorization import DEVICE_PATH, DeviceAuthorizationRequest, DeviceAuthorizationResponse
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.scope import Scope
from consentry.oauth.user_code import RANDOM_BYTES, make_user_code, read_user_code, shown_user_code
from consentry.ports.device_codes import Claim, DeviceCodeStore
from consentry.ports.sign_in import ThrottleStore
from consentry.ports.world import Clock, SecretSource

# Wrong codes from one browser; from one network; and everywhere, where a thousand an hour are no accident. The last
# holds nobody up for long: even at one guess a second the eight letters are safe for the ten minutes that they live.
SESSION_POLICY = ThrottlePolicy(free=5)
SOURCE_POLICY = ThrottlePolicy(free=50)
GLOBAL_POLICY = ThrottlePolicy(free=1000, longest_delay=timedelta(seconds=1))

# Codes asked for from one network, within which a shop's tills or an office's terminals may start all at once; and for
# one app, whose devices after a power cut come in turn: a second each, so that honest ones wait and get in, and nobody
# fills the database in the name of an app that has no secret.
ASKING_SOURCE_POLICY = ThrottlePolicy(free=60, longest_delay=timedelta(minutes=1), memory=timedelta(minutes=10))
ASKING_APP_POLICY = ThrottlePolicy(free=600, longest_delay=timedelta(seconds=1), memory=timedelta(minutes=10))

_TRIES = 8


@dataclass(frozen=True, slots=True)
class CodeUnknown:
    """No request that waits has this code: it was mistyped, has expired or was answered."""


@dataclass(frozen=True, slots=True)
class CodesThrottled:
    """Too many wrong codes; none is heard for `wait`, not even a right one."""

    wait: timedelta


ClaimAnswer: TypeAlias = DeviceCode | CodeUnknown | CodesThrottled


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """Takes requests from devices, and gives each to the browser in which its code is typed.

    `mark_key` is the 32-byte key under which user codes are kept: the store alone tells nobody a code.
    """

    store: DeviceCodeStore
    authorize: Authorize
    failures: ThrottleStore
    clock: Clock
    secrets: SecretSource
    lifetime: timedelta
    mark_key: bytes
    issuer: str
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False, repr=False)

    async def begin(
        self, asked: DeviceAuthorizationRequest, client: Client, *, address: str, dpop_jkt: str | None = None
    ) -> DeviceAuthorizationResponse:
        """Keep what the device asks for; return its codes.

        `address` is the network address of the device. Raises OAuthError: UNAUTHORIZED_CLIENT for an app without the
        grant, INVALID_SCOPE, INVALID_TARGET. TooManyRequestsError: of the token endpoint alone RFC 8628 knows
        `slow_down`. *Source:* RFC 8628 §3.1, §3.2, §5.2.
        """
        client.require_grant(DEVICE_CODE)
        wanted = self.authorize.meant_for(asked.resource)
        scope = await self.authorize.require_askable(client.app, asked.scope, wanted)
        now, secret = self.clock.now(), self.secrets.new_secret()
        wait = await self._asking_gates(client, address).count(now)
        if wait is not None:
            raise TooManyRequestsError("codes were asked for", wait)
        resource = wanted[0] if wanted else None
        code = DeviceCode(
            id=DeviceCodeId(self.secrets.new_id()),
            digest=digest(secret),
            app_id=client.app.id,
            client_id=ClientId(client.app.client_id),
            scope=scope,
            resource=resource,
            dpop_jkt=dpop_jkt,
            asked_from=address,
            interval=FIRST_INTERVAL,
            created_at=now,
            expires_at=now + self.lifetime,
            answer=None,
            user_id=None,
            session_id=None,
            authenticated_at=None,
            connection_id=None,
            granted_scope=Scope(),
            family_id=None,
            app_name=client.app.name,
        )
        return DeviceAuthorizationResponse(
            device_code=format_credential(CredentialKind.DEVICE_CODE, code.id, secret).reveal(),
            user_code=shown_user_code(await self._keep(code)),
            verification_uri=self.issuer + DEVICE_PATH,
            expires_in=int(self.lifetime.total_seconds()),
            interval=int(code.interval.total_seconds()),
        )

    async def claim(self, typed: str, claim: Claim, *, address: str) -> ClaimAnswer:
        """Return the request of the code that was typed; from now on this browser alone may answer it.

        `address` is the person's network address. Wrong codes are slowed by session, by source and all together
        (threats DV-01). *Source:* RFC 8628 §5.1.
        """
        gates = self._gates(claim, address)
        # One after the other in a session: of many guesses sent at once, each meets the failures before.
        async with self._turns.setdefault(gates.narrowest, asyncio.Lock()):
            now = self.clock.now()
            wait = await gates.find_wait(now)
            if wait is not None:
                return CodesThrottled(wait)
            code = read_user_code(typed)
            found = None if code is None else await self.store.claim(self._mark(code), claim, now=now)
            if found is not None:
                await gates.forgive()
                return found
            await gates.record_failure(now, self._refused_event(claim, address, now))
            return CodeUnknown()

    async def _keep(self, code: DeviceCode) -> str:
        for _ in range(_TRIES):
            user_code = make_user_code(self.secrets.new_bytes(RANDOM_BYTES))
            if await self.store.begin(code, self._mark(user_code)):
                return user_code
        raise OAuthError(ErrorCode.TEMPORARILY_UNAVAILABLE, "No free code was found. Try again in a moment.")

    def _mark(self, user_code: str) -> str:
        return urlsafe_b64encode(hmac.digest(self.mark_key, user_code.encode(), "sha256")).rstrip(b"=").decode()

    def _gates(self, claim: Claim, address: str) -> Gates:
        return Gates(
            (
                (Throttle(self.failures, SESSION_POLICY), f"device-session:{claim.session_id}"),
                (Throttle(self.failures, SOURCE_POLICY), f"device-source:{source_of(address)}"),
                (Throttle(self.failures, GLOBAL_POLICY), "device-everywhere"),
            )
        )

    def _asking_gates(self, client: Client, address: str) -> Gates:
        return Gates(
            (
                (Throttle(self.failures, ASKING_SOURCE_POLICY), f"device-asking-source:{source_of(address)}"),
                (Throttle(self.failures, ASKING_APP_POLICY), f"device-asking-app:{client.app.id}"),
            )
        )

    def _refused_event(self, claim: Claim, address: str, now: datetime) -> Event:
        return Event(
            EventId(self.secrets.new_id(EVENT)),
            now,
            EventKind.DEVICE_CODE_REFUSED,
            None,
            Actor(user_id=claim.user_id),
            claim.user_id,
            {"address": address},
        )
