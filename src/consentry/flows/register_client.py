"""A program registers an app: who may, how often, and what comes of it. RFC 7591 §3."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consentry.flows.app_secrets import make_secret
from consentry.flows.registration_tokens import RegistrationTokens
from consentry.flows.sector_documents import SectorDocuments
from consentry.flows.throttle import Gates, Throttle, TooManyRequestsError
from consentry.model.app import App, AppOrigin, AppSecret
from consentry.model.catalog import Catalog
from consentry.model.event import SYSTEM, Actor, Event, EventKind
from consentry.model.ids import APP, EVENT, AppId, EventId
from consentry.model.registration import Registration
from consentry.model.registration_token import RegistrationToken
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.model.self_registered import (
    NewApp,
    SelfRegistrationPolicy,
    build_app,
    is_shared,
    shared_client_id,
)
from consentry.model.source import source_of
from consentry.model.throttling import ThrottlePolicy
from consentry.oauth.client_claims import PRIVATE_KEY, ClientClaims, parse_claims, parse_members
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.apps import AppStore
from consentry.ports.registrations import NewRegistration, RegistrationStore
from consentry.ports.sign_in import ThrottleStore
from consentry.ports.world import Clock, SecretSource

PER_SOURCE = ThrottlePolicy(free=30, first_delay=timedelta(seconds=10))
"""New apps from one address: thirty within the hour, then slower and slower."""

FROM_ALL = ThrottlePolicy(free=300, longest_delay=timedelta(seconds=10), memory=timedelta(minutes=10))
"""New apps from everywhere: beyond three hundred in a row one in ten seconds, so that honest ones wait and get in."""


_WHAT = "apps were registered"


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A registration as its program learns it; both secrets are told here and never again.

    `client_secret` is None for an app that has none, or whose secret was told before; `management_token` is None for
    an app that it shares with whoever registers the same.
    """

    app: App
    client_secret: Secret | None
    management_token: Secret | None


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """Lets programs register apps, within what the policy allows."""

    apps: AppStore
    registrations: RegistrationStore
    tokens: RegistrationTokens
    throttles: ThrottleStore
    catalog: Catalog
    policy: SelfRegistrationPolicy
    clock: Clock
    secrets: SecretSource
    sectors: SectorDocuments

    async def register(self, body: bytes, *, bearer: str | None, address: str) -> RegisteredClient:
        """Register the app that `body` describes, or return the one that is registered just so.

        `bearer` is an initial access token. A public app without one is shared: whoever registers the same, to the
        letter, gets the same client ID, and nobody gets a token to change it by (MCP C-12).
        Raises OAuthError: INVALID_TOKEN, INVALID_REDIRECT_URI, INVALID_CLIENT_METADATA. TooManyRequestsError.
        """
        token = await self._find_token(bearer)
        claims = parse_claims(parse_members(body))
        self.policy.require_allowed_hosts(claims.redirect_uris)
        now = self.clock.now()
        app = self._new_app(claims, now)
        if app.is_public and token is None:
            app = replace(app, client_id=shared_client_id(app))
            known = await self._find_shared(app, now)
            if known is not None:
                return known
        if token is None:
            await self._count(address, now)
        # Only now, so that nobody has this server fetch more often than they may register.
        await self.sectors.require(app)
        return await self._write(app, token, now)

    async def _find_token(self, bearer: str | None) -> RegistrationToken | None:
        if bearer is None and self.policy.registration is Registration.OPEN:
            return None
        token = None if bearer is None else await self.tokens.find(bearer)
        if token is None:
            # RFC 7591 §3: the token that is asked for is a bearer token, and RFC 6750 says how it is refused.
            raise OAuthError(
                ErrorCode.INVALID_TOKEN,
                "Registering needs an initial access token, which whoever runs this server makes."
                if bearer is None
                else "The initial access token is unknown, used up, expired or revoked.",
            )
        return token

    def _new_app(self, claims: ClientClaims, now: datetime) -> App:
        new = NewApp(AppId(self.secrets.new_id(APP)), None, AppOrigin.DYNAMIC, None, now)
        return build_app(claims, new, self.policy.ceiling(self.catalog))

    async def _find_shared(self, app: App, now: datetime) -> RegisteredClient | None:
        known = await self.apps.find_app(app.client_id)
        if known is None:
            return None
        await self.registrations.record_request(known.client_id, now)
        return RegisteredClient(known, None, None)

    async def _count(self, address: str, now: datetime) -> None:
        gates = Gates(
            (
                (Throttle(self.throttles, PER_SOURCE), f"register:{source_of(address)}"),
                (Throttle(self.throttles, FROM_ALL), "register"),
            )
        )
        wait = await gates.count(now)
        if wait is not None:
            raise TooManyRequestsError(_WHAT, wait)
        if await self.registrations.count(most=self.policy.most_apps) >= self.policy.most_apps:
            raise TooManyRequestsError(_WHAT, timedelta(hours=1))

    async def _write(self, app: App, token: RegistrationToken | None, now: datetime) -> RegisteredClient:
        text, secret = _secret_for(app, self.secrets, now)
        payload = None if is_shared(app) else self.secrets.new_secret()
        actor = SYSTEM if token is None else Actor(through=token.id)
        details = {"name": app.name, "type": app.type.value, "scopes": str(app.scopes), "origin": app.origin.value}
        event_id = EventId(self.secrets.new_id(EVENT))
        event = Event(event_id, now, EventKind.APP_REGISTERED, app.organisation_id, actor, app.id, details)
        spent = None if token is None else token.id
        stored = None if payload is None else digest(payload)
        app_id = await self.registrations.register(NewRegistration(app, secret, stored, spent, event))
        if app_id is None:
            if token is not None:
                raise OAuthError(ErrorCode.INVALID_TOKEN, "The initial access token is used up.")
            known = await self._find_shared(app, now)
            if known is None:
                raise OAuthError(ErrorCode.TEMPORARILY_UNAVAILABLE, "The app is being changed. Register it again.")
            return known
        management = None if payload is None else format_credential(CredentialKind.REGISTRATION, app_id, payload)
        return RegisteredClient(replace(app, id=app_id), text, management)


def _secret_for(app: App, secrets: SecretSource, now: datetime) -> tuple[Secret | None, AppSecret | None]:
    if app.is_public or app.metadata.token_endpoint_auth_method == PRIVATE_KEY:
        return None, None
    return make_secret(secrets, app.id, now)
