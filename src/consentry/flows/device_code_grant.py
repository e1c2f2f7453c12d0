"""The device code grant: the device asks until the person has answered, and gets its tokens once. RFC 8628 §3.4, §3.5.

What was approved is looked at again when the device fetches it: a user who was locked meanwhile gets nothing by this
door either (threats CS-13).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from consentry.flows.id_tokens import IdTokens
from consentry.flows.issue_tokens import TokenMint, bound_for, may_refresh
from consentry.flows.organisation_policy import require_not_refused
from consentry.model.app import AppStanding
from consentry.model.client import Client
from consentry.model.connection import ConnectionDetails
from consentry.model.credential import SignInFacts, TokenFamily
from consentry.model.device_code import EARLY, SLOWER_BY, DeviceAnswer, DeviceCode
from consentry.model.ids import ConnectionId, DeviceCodeId, SessionId, UserId
from consentry.model.live import LiveConnection
from consentry.model.membership import Holder
from consentry.model.micros import from_micros, to_micros
from consentry.model.secret import CredentialKind, digest, is_same_digest, parse_credential
from consentry.model.session import DeviceSession, Session
from consentry.oauth.client_metadata import DEVICE_CODE
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OPENID
from consentry.oauth.resource import is_bound_to_all
from consentry.oauth.responses import TokenResponse
from consentry.oauth.scope import Scope
from consentry.oauth.token_request import DeviceCodeRequest
from consentry.ports.connections import ConnectionStore
from consentry.ports.device_codes import DeviceCodeStore
from consentry.ports.world import Clock


@dataclass(frozen=True, slots=True)
class _Granted:
    """What a family is opened with; `standing` is what of `scope` has not been taken away since the approval."""

    scope: Scope
    resource: str | None
    standing: Scope
    connection: LiveConnection
    holder: Holder

    @property
    def connection_id(self) -> ConnectionId:
        """The connection that the tokens hang on."""
        return self.connection.id


class _Opened(NamedTuple):
    """What an ID token is told of a family that is opened."""

    sign_in: SignInFacts | None
    connection: LiveConnection
    user_id: UserId


@dataclass(frozen=True, slots=True)
class DeviceCodeGrant:
    """Exchanges a device code for tokens."""

    store: DeviceCodeStore
    connections: ConnectionStore
    mint: TokenMint
    clock: Clock
    id_tokens: IdTokens | None = None

    async def exchange(self, request: DeviceCodeRequest, client: Client, *, jkt: str | None = None) -> TokenResponse:
        """Return the tokens that the person approved, bound to the key of thumbprint `jkt` where one was proved.

        Raises OAuthError: UNAUTHORIZED_CLIENT for an app without the grant; INVALID_GRANT for a code that is unknown,
        another client's or used, and where nothing of the approval stands; ACCESS_DENIED, EXPIRED_TOKEN,
        AUTHORIZATION_PENDING, SLOW_DOWN; INVALID_TARGET for another resource than was authorised.
        """
        client.require_grant(DEVICE_CODE)
        now = self.clock.now()
        code = await self._find(request.device_code)
        # RFC 8628 §3.4 and RFC 6749 §5.2. Nothing tells another client whether the code exists.
        if code is None or code.app_id != client.app.id:
            raise _invalid_grant("The device code is unknown, or was not issued to this client.")
        _require_same_resource(request, code)
        if code.family_id is not None:
            raise _used()
        if code.answer is DeviceAnswer.DECLINED:
            raise OAuthError(ErrorCode.ACCESS_DENIED, "The person declined.")
        if code.is_expired(now):
            raise OAuthError(ErrorCode.EXPIRED_TOKEN, "The device code has expired: ask for another.")
        if code.answer is None:
            raise await self._ask_again(code, now)
        return await self._redeem(code, await self._granted(code), client, jkt, now)

    async def _find(self, text: str) -> DeviceCode | None:
        parsed = parse_credential(text, CredentialKind.DEVICE_CODE)
        found = None if parsed is None else await self.store.find(DeviceCodeId(parsed.id))
        if parsed is None or found is None or not is_same_digest(found.digest, parsed.digest):
            return None
        return found

    async def _ask_again(self, code: DeviceCode, now: datetime) -> OAuthError:
        slower = await self.store.poll(code.id, now=now, early=EARLY, slower_by=SLOWER_BY)
        if slower is None:
            return OAuthError(ErrorCode.AUTHORIZATION_PENDING, "The person has not answered yet.")
        seconds = int(slower.total_seconds())
        return OAuthError(ErrorCode.SLOW_DOWN, f"Wait {seconds} seconds before each further question.")

    async def _granted(self, code: DeviceCode) -> _Granted:
        found = None if code.connection_id is None else await self.connections.find(code.connection_id)
        if found is None or not found.details.connection.is_live or not found.holder.is_active:
            raise _invalid_grant("The connection was ended, or its user may not act any more.")
        connection = _live(found.details)
        require_not_refused(connection.app_standing)
        standing = connection.standing(code.granted_scope)
        if not standing:
            raise _invalid_grant("Nothing that the user approved is left to this connection: connect again.")
        return _Granted(code.granted_scope, code.resource, standing, connection, found.holder)

    async def _redeem(
        self, code: DeviceCode, granted: _Granted, client: Client, jkt: str | None, now: datetime
    ) -> TokenResponse:
        family = self.mint.family(granted, to_micros(now))
        session = None if self.id_tokens is None else self._session(code, granted, client, family.row, now)
        row = family.row._replace(sign_in=None if session is None else session.facts)
        row = row if jkt is None else bound_for(client, row, jkt)
        access = self.mint.access_token(row, granted.standing, to_micros(now), jkt=jkt)
        live = _Opened(row.sign_in, granted.connection, granted.holder.user_id)
        # Before the code is used up: nothing is lost if there is no key to sign with.
        id_token = None if self.id_tokens is None else await self.id_tokens.of_family(live, client, access)
        if not await self.store.redeem(code.id, row, access.row, session):
            raise _used()
        refresh_token = family.refresh_token if may_refresh(client, granted.standing) else None
        return access.response(refresh_token=refresh_token, id_token=id_token)

    def _session(
        self, code: DeviceCode, granted: _Granted, client: Client, family: TokenFamily, now: datetime
    ) -> DeviceSession | None:
        """Return the session of a device that learns who connected it; None for one that does not.

        It is not that of the browser in which the code was typed: whoever signs out there goes on watching television.
        """
        if OPENID not in granted.scope or code.authenticated_at is None:
            return None
        secrets = self.mint.secrets
        # A session like any other, so that it ends with all of the user's; nobody is told the credential of it.
        session = Session(
            id=SessionId(secrets.new_id()),
            digest=digest(secrets.new_secret()),
            user_id=granted.holder.user_id,
            authenticated_at=code.authenticated_at,
            seen_at=now,
            expires_at=from_micros(family.expires_micros),
            ended_at=None,
        )
        is_told = client.app.metadata.backchannel_logout_uri is not None
        return DeviceSession(session, client.app.id if is_told else None)


def _live(details: ConnectionDetails) -> LiveConnection:
    return LiveConnection(
        details.connection.id,
        str(details.connection.scopes),
        ended=not details.connection.is_live,
        app_id=details.connection.app_id,
        client_id=details.client_id,
        app_name=details.app_name,
        app_standing=AppStanding(details.app_standing),
        app_scopes=str(details.app_scopes),
    )


def _require_same_resource(request: DeviceCodeRequest, code: DeviceCode) -> None:
    if not is_bound_to_all(code.resource, request.resource):
        raise OAuthError(ErrorCode.INVALID_TARGET, "The resource is not the one that the device asked for at first.")


def _used() -> OAuthError:
    return _invalid_grant("The device code was used already: ask for another.")


def _invalid_grant(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_GRANT, description)
