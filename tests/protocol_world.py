"""The protocol for tests: every deed over a real SQLite file, with people, apps, codes and tokens valid by default."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app_builders import a_draft
from consentry.flows.authorize import TrustedRedirect
from consentry.flows.consent import Offer
from consentry.model.access import Access, Allowed, Reason, Refused
from consentry.model.acting import member, operator
from consentry.model.app import App, AppType
from consentry.model.client import Client
from consentry.model.connection import PendingAuthorization
from consentry.model.ids import OrganisationId, SessionId, UserId
from consentry.model.secret import Secret
from consentry.oauth.authorization_request import AuthorizationRequest
from consentry.oauth.client_authentication import parse_client_authentication
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.pkce import challenge_of
from consentry.oauth.responses import TokenResponse
from consentry.oauth.token_request import (
    AuthorizationCodeRequest,
    ClientCredentialsRequest,
    DeviceCodeRequest,
    RefreshTokenRequest,
    parse_token_request,
)
from consentry.ports.world import Clock
from consentry.settings import Settings
from consentry.storage.database import Operation, Row, Statement, Value
from consentry.wiring import Deeds, open_deeds
from small_world import SMALL_CATALOG

OPERATOR = operator("opr_000000000000000tests1")
CALLBACK = "https://client.test/cb"
VERIFIER = "a-verifier-that-the-client-made-of-43-characters"
ADDRESS = "192.0.2.1"
SESSION = SessionId("0000000000000000000ses")
ISSUER = "https://connect.books.test"


@dataclass(frozen=True, slots=True)
class Party:
    """An app together with what its developer keeps."""

    app: App
    secret: str | None

    @property
    def credentials(self) -> dict[str, str]:
        named = {"client_id": str(self.app.client_id)}
        return named if self.secret is None else {**named, "client_secret": self.secret}


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that waits for the user's answer, and what is put to the user."""

    pending: PendingAuthorization
    to: TrustedRedirect
    asked: AuthorizationRequest
    offer: Offer


@dataclass(frozen=True, slots=True)
class ProtocolWorld:
    """An organisation with Bo, who keeps its books; a confidential and a public app of another organisation."""

    deeds: Deeds
    acme: OrganisationId
    bo: UserId
    web: Party
    tool: Party

    async def add_member(self, email: str, *roles: str, organisation_id: OrganisationId | None = None) -> UserId:
        user = await self.deeds.people.users.create(OPERATOR, email)
        await self.deeds.people.members.set(OPERATOR, organisation_id or self.acme, user.id, roles)
        return user.id

    async def add_app(self, **changes: Any) -> Party:
        return await register(self.deeds, self.web.app.organisation_id, **changes)

    async def open_request(self, party: Party, **changes: str | None) -> Opened:
        """Open an authorization request; a change of None leaves the parameter out."""
        user_id = UserId(changes.pop("user_id", None) or self.bo)
        organisation_id = OrganisationId(changes.pop("organisation_id", None) or self.acme)
        query = query_of(party, **changes)
        to = await self.deeds.authorize.trust(query)
        asked = await self.deeds.authorize.read(query, to)
        request_id = await self.deeds.consent.open(to, urlencode(query.pairs), SESSION, user_id)
        pending = await self.deeds.consent.find(request_id, SESSION)
        holder = await self.deeds.people.find_holder(organisation_id, user_id)
        assert holder is not None
        return Opened(pending, to, asked, await self.deeds.consent.offer(to, asked, holder))

    async def answer(self, opened: Opened, ticked: Sequence[str] | None = None) -> str:
        """Approve what was put to the user: all of it, unless `ticked` says otherwise."""
        chosen = tuple(one.name for one in opened.offer.shown) if ticked is None else ticked
        code = await self.deeds.consent.approve(opened.pending, opened.to, opened.asked, opened.offer, chosen)
        return code.reveal()

    async def approve(self, party: Party, ticked: Sequence[str] | None = None, **changes: str | None) -> str:
        """Return the text of a new code."""
        return await self.answer(await self.open_request(party, **changes), ticked)

    async def authenticate(
        self, fields: Mapping[str, Any], authorization: str | None = None, *, address: str = ADDRESS
    ) -> Client:
        credentials = parse_client_authentication(authorization, form(**fields))
        return await self.deeds.authenticate_client.authenticate(credentials, address=address)

    async def token(self, party: Party, **fields: Any) -> TokenResponse:
        """Send a token request as the endpoint would: authentication, parsing, the grant."""
        client = await self.authenticate(party.credentials)
        request = parse_token_request(form(**fields))
        if isinstance(request, AuthorizationCodeRequest):
            return await self.deeds.authorization_code_grant.exchange(request, client)
        if isinstance(request, DeviceCodeRequest):
            return await self.deeds.devices.grant.exchange(request, client)
        if isinstance(request, ClientCredentialsRequest):
            return await self.deeds.services.grant.issue(request, client)
        assert isinstance(request, RefreshTokenRequest)
        return await self.deeds.refresh_token_grant.refresh(request, client)

    async def exchange(self, party: Party, code: str, **changes: Any) -> TokenResponse:
        fields = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
        return await self.token(party, grant_type="authorization_code", code=code, **fields)

    async def refresh(self, party: Party, refresh_token: str | None, **changes: Any) -> TokenResponse:
        return await self.token(party, grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def connect(self, party: Party, ticked: Sequence[str] | None = None, **changes: str | None) -> TokenResponse:
        """Return the tokens of a new approval."""
        code = await self.approve(party, ticked, **changes)
        return await self.exchange(party, code)

    async def revoke(self, party: Party, text: str | None) -> None:
        client = await self.authenticate(party.credentials)
        assert text is not None
        await self.deeds.revoke_token.revoke(text, client)

    async def check(self, text: str, **arguments: str) -> Access | Refused:
        return await self.deeds.check_bearer.check(text, **arguments)

    async def access(self, text: str) -> Access:
        answer = await self.check(text)
        assert isinstance(answer, Access), answer
        return answer

    async def why_refused(self, text: str, permission: str = "invoice.read") -> Reason | None:
        """Why a call that needs `permission` is refused; None where it may go on."""
        answer = await self.check(text)
        decision = answer if isinstance(answer, Refused) else answer.decide(permission, self.deeds.catalog)
        return None if isinstance(decision, Allowed) else decision.reason

    async def end_connection(self, access_token: str) -> None:
        """Bo disconnects what the token belongs to."""
        access = await self.access(access_token)
        assert access.connection_id is not None
        acting = member(access.user_id, access.organisation_id, frozenset())
        await self.deeds.connections.end(acting, access.connection_id)

    async def rows(self, sql: str, *args: Value) -> Sequence[Row]:
        return await self.deeds.database.read(sql, *args)

    async def run(self, sql: str, *args: Value) -> None:
        def operation() -> Operation[None]:
            yield Statement(sql, args)

        await self.deeds.database.write(operation)

    async def dump(self) -> str:
        """Everything that is stored, as text in which a secret would be found."""
        tables = await self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            if self.deeds.settings.sqlite_path is None
            else "SELECT name FROM sqlite_schema WHERE type = 'table'"
        )
        return "\n".join([repr(await self.rows(f'SELECT * FROM "{name}"')) for (name,) in tables])  # noqa: S608 - a table's name


def query_of(party: Party, **changes: str | None) -> Parameters:
    fields: dict[str, str | None] = {
        "response_type": "code",
        "client_id": party.app.client_id,
        "redirect_uri": CALLBACK,
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return Parameters.from_query(urlencode({name: value for name, value in fields.items() if value is not None}))


def form(**fields: Any) -> Parameters:
    """Return a form; a value of None leaves the field out, a list repeats it."""
    given = {name: value for name, value in fields.items() if value is not None}
    return Parameters.from_form(urlencode(given, doseq=True).encode())


@contextmanager
def refused(*codes: ErrorCode) -> Iterator[None]:
    """Expect a refusal with one of these error codes."""
    with pytest.raises(OAuthError) as caught:
        yield
    assert caught.value.code in codes


async def register(deeds: Deeds, organisation_id: OrganisationId, **changes: Any) -> Party:
    draft = a_draft(
        **{
            "redirect_uris": (CALLBACK,),
            "required_scopes": ("invoicing:write",),
            "optional_scopes": ("contacts:read", "invoicing:read"),
            **changes,
        }
    )
    registered = await deeds.app_registry.register(OPERATOR, draft, organisation_id=organisation_id)
    secret = registered.client_secret
    return Party(registered.app, None if secret is None else secret.reveal())


def settings_for(path: Path, **changes: Any) -> Settings:
    """Return settings over the migrated file `path`, with the small catalog written beside it."""
    catalog = path.with_name("catalog.toml")
    if not catalog.exists():
        catalog.write_text(SMALL_CATALOG, encoding="utf-8")
    given = {"secret_key": Secret("k" * 40), "issuer": ISSUER, "database_url": f"sqlite:///{path}", "catalog": catalog}
    return Settings(**{**given, **changes})


async def build_protocol_world(path: Path, clock: Clock | None = None, **changes: Any) -> ProtocolWorld:
    """Return the world over the migrated file `path`; close `deeds.database` at the end."""
    return await fill_protocol_world(open_deeds(settings_for(path, **changes), clock=clock))


async def fill_protocol_world(deeds: Deeds) -> ProtocolWorld:
    """Make the people and the apps of the world."""
    people = deeds.people
    acme = (await people.organisations.create(OPERATOR, "Acme Books")).id
    maker = (await people.organisations.create(OPERATOR, "Ledgerly Ltd")).id
    bo = (await people.users.create(OPERATOR, "bo@acme.test")).id
    await people.members.set(OPERATOR, acme, bo, ["bookkeeper"])
    web = await register(deeds, maker)
    tool = await register(deeds, maker, name="Tool", type=AppType.PUBLIC)
    return ProtocolWorld(deeds, acme, bo, web, tool)


async def outcomes(*awaitables: Any) -> tuple[list[Any], list[OAuthError]]:
    """Run all at once; return what succeeded and the refusals. Anything else than a refusal is a fault."""
    answers = await asyncio.gather(*awaitables, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, OAuthError)]
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, OAuthError):
            raise answer
    return [answer for answer in answers if not isinstance(answer, OAuthError)], refusals
