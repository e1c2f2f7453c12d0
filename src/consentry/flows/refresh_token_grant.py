"""The refresh token grant: rotation for public apps, with a grace window that only the honest can use.

RFC 6749 §6, RFC 9700 §4.14.2.
"""

from dataclasses import dataclass
from typing import NamedTuple

from consentry.flows.id_tokens import IdTokens
from consentry.flows.issue_tokens import MintedAccess, TokenMint, open_successor
from consentry.flows.organisation_policy import require_not_refused
from consentry.flows.token_event import token_event
from consentry.model.approval import ApprovalBook
from consentry.model.client import Client
from consentry.model.event import EventKind
from consentry.model.live_grant import LiveFamily
from consentry.model.membership import RoleBook
from consentry.model.micros import from_micros
from consentry.model.refresh_token import RefreshToken, parse_refresh_token
from consentry.model.secret import Secret, is_same_digest
from consentry.oauth.client_metadata import REFRESH_TOKEN
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OFFLINE_ACCESS
from consentry.oauth.resource import is_bound_to_all
from consentry.oauth.responses import TokenResponse
from consentry.oauth.scope import Scope, narrowed
from consentry.oauth.token_request import RefreshTokenRequest
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock, SecretSource


class _Refreshed(NamedTuple):
    """What a refresh gives, and the family as it was read for it."""

    live: LiveFamily
    access: MintedAccess
    refresh_token: Secret


@dataclass(frozen=True, slots=True)
class RefreshTokenGrant:
    """Exchanges a refresh token for a new access token."""

    credentials: CredentialStore
    mint: TokenMint
    approvals: ApprovalBook
    roles: RoleBook
    clock: Clock
    secrets: SecretSource
    id_tokens: IdTokens | None = None

    async def refresh(self, request: RefreshTokenRequest, client: Client, *, jkt: str | None = None) -> TokenResponse:
        """Return a new access token, and for a public app the refresh token's successor.

        A repeat within the grace window gets the same successor, so that a lost answer or two processes that race do no
        harm. After it, a token of any past generation ends its family.
        Raises OAuthError: INVALID_GRANT, INVALID_SCOPE for more than was approved, INVALID_TARGET, ACCESS_DENIED while
        the organisation refuses such apps.
        """
        client.require_grant(REFRESH_TOKEN)
        now = self.clock.micros()
        live, access, refresh_token = await self._refresh(request, client, now, jkt)
        id_token = None if self.id_tokens is None else await self.id_tokens.of_family(live, client, access)
        return access.response(refresh_token=refresh_token, id_token=id_token)

    async def _refresh(self, request: RefreshTokenRequest, client: Client, now: int, jkt: str | None) -> _Refreshed:
        token = parse_refresh_token(request.refresh_token)
        live = None if token is None else await self.credentials.find_family(token.family_id)
        # Nothing tells another client whether the token exists, and nothing that it sends does the token harm.
        if token is None or live is None or live.app_id != client.app.id:
            raise _invalid_grant("The refresh token is unknown, or was not issued to this client.")
        self._require_usable(live, now)
        _require_key(live, jkt)
        if token.generation != live.generation:
            return await self._repeat_or_end(request, token, live, now, jkt)
        if not is_same_digest(live.refresh_digest, token.digest):
            raise _invalid_grant("The refresh token is unknown, or was not issued to this client.")
        scope = _scope_of(request, live)
        access = self.mint.access_token(live, _standing(scope, live), now, jkt=jkt)
        if not client.app.is_public:
            await self._extend(access, now)
            return _Refreshed(live, access, Secret(request.refresh_token))
        successor = self.mint.successor(token, scope, now)
        if not await self.credentials.rotate_refresh_token(successor.row, access.row):
            # Another process of the same client won since the read above; its successor is ours too.
            again = await self.credentials.find_family(token.family_id)
            return await self._repeat_or_end(request, token, again or live, now, jkt)
        return _Refreshed(live, access, successor.refresh_token)

    async def _repeat_or_end(
        self, request: RefreshTokenRequest, spent: RefreshToken, live: LiveFamily, now: int, jkt: str | None
    ) -> _Refreshed:
        self._require_usable(live, now)
        is_previous = spent.generation == live.generation - 1
        if is_previous and live.sealed_successor is not None and live.in_grace(now, self.mint.policy.refresh_grace):
            successor = open_successor(spent, live.sealed_successor)
            if successor is not None:
                return await self._repeat(request, successor, live, now, jkt)
        if spent.generation < live.generation and spent.is_genuine(self.mint.mac_key):
            await self._end_replayed(live, now)
            raise _invalid_grant("The refresh token was used already. Its tokens have been ended: connect again.")
        raise _invalid_grant("The refresh token is unknown, or was not issued to this client.")

    async def _repeat(
        self, request: RefreshTokenRequest, successor: RefreshToken, live: LiveFamily, now: int, jkt: str | None
    ) -> _Refreshed:
        scope = _scope_of(request, live)
        if scope != live.successor_scope:
            raise _invalid_grant("The refresh token was used a moment ago for another scope: use its successor.")
        access = self.mint.access_token(live, _standing(scope, live), now, jkt=jkt)
        await self._extend(access, now)
        return _Refreshed(live, access, successor.text())

    async def _extend(self, access: MintedAccess, now: int) -> None:
        if not await self.credentials.extend_family(access.row, idle_expires_micros=self.mint.idle_end(now)):
            raise _ended()

    def _require_usable(self, live: LiveFamily, now: int) -> None:
        if live.is_ended:
            raise _ended()
        if live.is_expired(now):
            raise _invalid_grant("The refresh token has expired: connect again.")
        require_not_refused(live.app_standing)
        if OFFLINE_ACCESS in live.scope and OFFLINE_ACCESS not in live.standing(live.scope):
            raise _invalid_grant("The user withdrew offline_access: connect again.")
        held = self.roles.permissions_of(live.roles, live.custom_permissions)
        approval = self.approvals.approved(live.granted, live.connection_scopes, live.app_scopes)
        if not self.approvals.still_covered(approval.scope, held):
            raise _invalid_grant("Nothing that the user approved is left to this connection: connect again.")

    async def _end_replayed(self, live: LiveFamily, now: int) -> None:
        at = from_micros(now)
        event = token_event(EventKind.REFRESH_TOKEN_REPLAYED, live, self.secrets, at)
        await self.credentials.end_family(live.id, event, now=at)


def _require_key(live: LiveFamily, jkt: str | None) -> None:
    """Return if the refresh token is bound to no key, or to the one that was proved. *Source:* RFC 9449 §5.

    Before everything that a repeat within the grace window could get, or that could end the family: a thief without the
    key can neither use, burn nor revoke anything.
    """
    if live.dpop_jkt in {None, jkt}:
        return
    if jkt is None:
        raise OAuthError(ErrorCode.INVALID_DPOP_PROOF, "The refresh token is bound to a key: send a DPoP proof of it.")
    raise _invalid_grant("The refresh token is bound to another key than the DPoP proof was made with.")


def _scope_of(request: RefreshTokenRequest, live: LiveFamily) -> Scope:
    """Return the scope of the new access token: up to what was granted, however narrow the last one was (§6)."""
    if not is_bound_to_all(live.resource, request.resource):
        raise OAuthError(ErrorCode.INVALID_TARGET, "The resource is not the one that the user authorised.")
    return narrowed(live.scope, request.scope)


def _standing(scope: Scope, live: LiveFamily) -> Scope:
    """Return what of `scope` still stands; the answer names nothing that was taken away since (RFC 6749 §5.1)."""
    standing = live.standing(scope)
    if not standing:
        raise OAuthError(ErrorCode.INVALID_SCOPE, "Nothing of this scope is left to the connection: ask for another.")
    return standing


def _ended() -> OAuthError:
    return _invalid_grant("The connection was ended, or its user may not act any more: connect again.")


def _invalid_grant(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_GRANT, description)
