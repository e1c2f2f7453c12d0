"""Signing in with e-mail and password, the session that follows, and signing out."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeAlias
from weakref import WeakValueDictionary

from consentry.flows.throttle import Gates, Throttle
from consentry.model.email_address import find_email_fault, normalise_email
from consentry.model.event import Actor, Event, EventKind
from consentry.model.ids import EVENT, EventId, SessionId
from consentry.model.organisation import Standing, User
from consentry.model.password import is_hashable_password
from consentry.model.secret import CredentialKind, Secret, digest, format_credential, is_same_digest, parse_credential
from consentry.model.session import SEEN_AGAIN_AFTER, LiveSession, Session
from consentry.model.source import source_of
from consentry.model.throttling import ThrottlePolicy
from consentry.ports.people import UserStore
from consentry.ports.sign_in import Passwords, SessionStore, ThrottleStore
from consentry.ports.world import Clock, SecretSource

# One account from one source; one source whatever the account; one account whatever the source. The last is wide, so
# that a stranger cannot keep the owner out from one address, and many addresses together are still slow.
PAIR_POLICY = ThrottlePolicy(free=5)
SOURCE_POLICY = ThrottlePolicy(free=50)
ACCOUNT_POLICY = ThrottlePolicy(free=50)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The password was right. `credential` goes into the cookie, and is readable here once."""

    user: User
    session: Session
    credential: Secret


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """The address is unknown, the password wrong or the user suspended: the three are not told apart."""


@dataclass(frozen=True, slots=True)
class SignInThrottled:
    """Too many failures; nothing is heard for `wait`, not even the right password."""

    wait: timedelta


SignInAnswer: TypeAlias = SignedIn | SignInRefused | SignInThrottled


@dataclass(frozen=True, slots=True)
class SignIn:
    """Lets people in, knows them again, and lets them go."""

    users: UserStore
    sessions: SessionStore
    failures: ThrottleStore
    passwords: Passwords
    clock: Clock
    secrets: SecretSource
    session_idle: timedelta
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False, repr=False)

    async def sign_in(
        self, email: str, password: Secret, *, address: str, replacing: LiveSession | None = None
    ) -> SignInAnswer:
        """Check the password and open a session; one that the browser had before ends.

        If that was the same person's, it goes on instead, and what ends is its credential: what it opened stays open.

        `address` is the caller's network address. For an unknown address, a wrong password and a suspended user the
        answer, the work done and the writes are the same.
        """
        email = normalise_email(email)
        gates = self._gates(email, address)
        # One after the other for an account and a source: of many guesses sent at once, each meets the failures before.
        async with self._turns.setdefault(gates.narrowest, asyncio.Lock()):
            return await self._try(email, password, gates, address, replacing)

    async def _try(
        self,
        email: str,
        password: Secret,
        gates: Gates,
        address: str,
        replacing: LiveSession | None,
    ) -> SignInAnswer:
        wait = await gates.find_wait(self.clock.now())
        if wait is not None:
            return SignInThrottled(wait)
        found = None if find_email_fault(email) else await self.users.find_password(email)
        user, stored = found or (None, None)
        is_right = is_hashable_password(password) and await self.passwords.verify(stored, password)
        # Looked at again: other sources, and other processes, may have failed meanwhile.
        wait = await gates.find_wait(self.clock.now())
        if wait is not None:
            return SignInThrottled(wait)
        if user is None or not is_right or user.standing is not Standing.ACTIVE:
            return await self._refuse(user, gates, address)
        return await self._open(user, gates, address, replacing)

    async def find_session(self, credential: str) -> LiveSession | None:
        """Return the session of the cookie's credential if it lives and its user may act, and note that it is used."""
        parsed = parse_credential(credential, CredentialKind.SESSION)
        if parsed is None:
            return None
        live = await self.sessions.find_session(SessionId(parsed.id))
        now = self.clock.now()
        if live is None or not is_same_digest(live.session.digest, parsed.digest) or not live.is_good(now):
            return None
        if now - live.session.seen_at >= SEEN_AGAIN_AFTER:
            await self.sessions.see(live.session.id, seen_at=now, expires_at=now + self.session_idle)
        return live

    async def sign_out(self, live: LiveSession) -> None:
        """End the session. From now on its credential does nothing."""
        event = self._event(EventKind.SIGNED_OUT, live.user, self.clock.now())
        await self.sessions.end_session(live.session.id, event)

    def _gates(self, email: str, address: str) -> Gates:
        # Hashed, because people type passwords into the wrong field.
        account = sha256(email.encode("utf-8", "replace")).hexdigest()
        source = source_of(address)
        return Gates(
            (
                (Throttle(self.failures, PAIR_POLICY), f"sign-in:{account}:{source}"),
                (Throttle(self.failures, SOURCE_POLICY), f"sign-in-source:{source}"),
                (Throttle(self.failures, ACCOUNT_POLICY), f"sign-in-account:{account}"),
            )
        )

    async def _refuse(self, user: User | None, gates: Gates, address: str) -> SignInRefused:
        now = self.clock.now()
        await gates.record_failure(now, self._event(EventKind.SIGN_IN_REFUSED, user, now, address=address))
        return SignInRefused()

    async def _open(self, user: User, gates: Gates, address: str, replacing: LiveSession | None) -> SignInAnswer:
        now, payload = self.clock.now(), self.secrets.new_secret()
        session = Session(
            id=SessionId(self.secrets.new_id()),
            digest=digest(payload),
            user_id=user.id,
            authenticated_at=now,
            seen_at=now,
            expires_at=now + self.session_idle,
            ended_at=None,
        )
        opened = await self.sessions.open_session(
            session,
            replacing=None if replacing is None else replacing.session.id,
            event=self._event(EventKind.SIGNED_IN, user, now, address=address),
        )
        if opened is None:
            return SignInRefused()
        await gates.forgive()
        return SignedIn(user, replace(session, id=opened), format_credential(CredentialKind.SESSION, opened, payload))

    def _event(self, kind: EventKind, user: User | None, now: datetime, **details: str) -> Event:
        subject = "unknown" if user is None else user.id
        actor = Actor(user_id=None if user is None else user.id)
        return Event(EventId(self.secrets.new_id(EVENT)), now, kind, None, actor, subject, details)
