"""The authorization code grant: proof first, then one statement that has one winner.

RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9700 §2.1.1, OAuth 2.1 draft §4.1.3.
"""

from dataclasses import dataclass

from consentry.flows.id_tokens import IdTokens
from consentry.flows.issue_tokens import TokenMint, bound_for, may_refresh
from consentry.flows.organisation_policy import require_not_refused
from consentry.flows.token_event import token_event
from consentry.model.client import Client
from consentry.model.credential import WRONG_PROOFS_MOST
from consentry.model.event import EventKind
from consentry.model.ids import CodeId
from consentry.model.live_grant import LiveCode
from consentry.model.micros import from_micros
from consentry.model.secret import CredentialKind, identify, is_same_digest
from consentry.oauth import pkce
from consentry.oauth.client_metadata import AUTHORIZATION_CODE
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.resource import is_bound_to_all
from consentry.oauth.responses import TokenResponse
from consentry.oauth.scope import Scope
from consentry.oauth.token_request import AuthorizationCodeRequest
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class AuthorizationCodeGrant:
    """Exchanges a code for tokens."""

    credentials: CredentialStore
    mint: TokenMint
    clock: Clock
    secrets: SecretSource
    id_tokens: IdTokens | None = None

    async def exchange(
        self, request: AuthorizationCodeRequest, client: Client, *, jkt: str | None = None
    ) -> TokenResponse:
        """Return the tokens that the code stands for, bound to the key of thumbprint `jkt` where one was proved.

        Raises OAuthError: INVALID_GRANT for a code that is unknown, expired, used, another client's, or whose proof is
        wrong; INVALID_TARGET for another resource than was authorised. Proof of possession comes before redemption, so
        that a thief without the verifier can neither use, burn nor revoke anything; the fifth wrong proof ends the
        code. A replay by one who has the proof ends the tokens that the code gave. *Source:* RFC 6749 §4.1.2, §10.5.
        """
        client.require_grant(AUTHORIZATION_CODE)
        now = self.clock.micros()
        live = await self._find(request.code)
        if live is None or live.issued_to != client.app.id:
            raise _invalid_grant("The code is unknown, or was not issued to this client.")
        fault = _find_proof_fault(request, live, jkt)
        if fault is not None:
            await self.credentials.count_wrong_proof(live.id, most=WRONG_PROOFS_MOST, now=from_micros(now))
            raise _invalid_grant(fault)
        if live.consumed_micros is not None:
            await self._end_replayed(live, now)
        _require_usable(live, now)
        _require_same_resource(request, live)
        family = self.mint.family(live, now)
        scope = _standing_scope(live)
        access = self.mint.access_token(family.row, scope, now, jkt=jkt)
        row = family.row if jkt is None else bound_for(client, family.row, jkt)
        # Before the code is used up: nothing is lost if there is no key to sign with.
        id_token = None if self.id_tokens is None else await self.id_tokens.of_code(live, client, access)
        if not await self.credentials.redeem_code(live.id, row, access.row):
            # Somebody redeemed it since the read above: find what that gave, and end it.
            winner = await self.credentials.find_code(live.id)
            await self._end_replayed(winner or live, now)
        # RFC 6749 §5.1: optional, and of no use to an app that may not refresh.
        refresh_token = family.refresh_token if may_refresh(client, scope) else None
        return access.response(refresh_token=refresh_token, id_token=id_token)

    async def _find(self, text: str) -> LiveCode | None:
        identified = identify(text, CredentialKind.AUTHORIZATION_CODE)
        if identified is None:
            return None
        live = await self.credentials.find_code(CodeId(identified[0]))
        if live is None or not is_same_digest(live.digest, identified[1]):
            return None
        return live

    async def _end_replayed(self, live: LiveCode, now: int) -> None:
        if live.family_id is not None:
            at = from_micros(now)
            event = token_event(EventKind.CODE_REPLAYED, live, self.secrets, at)
            await self.credentials.end_family(live.family_id, event, now=at)
        raise _invalid_grant("The code was used already. The tokens that it gave have been ended: connect again.")


def _find_proof_fault(request: AuthorizationCodeRequest, code: LiveCode, jkt: str | None) -> str | None:
    return _find_redirect_uri_fault(request, code) or _find_verifier_fault(request, code) or _find_key_fault(code, jkt)


def _find_redirect_uri_fault(request: AuthorizationCodeRequest, code: LiveCode) -> str | None:
    # Choice: absent is allowed where PKCE bound the code (OAuth 2.1 draft §10.2), refused otherwise (RFC 6749 §4.1.3).
    if request.redirect_uri is None and code.code_challenge is None:
        return "The parameter redirect_uri is missing: it must be the one of the authorization request."
    if request.redirect_uri is not None and request.redirect_uri != code.redirect_uri:
        return "The redirect_uri is not the one of the authorization request."
    return None


def _find_verifier_fault(request: AuthorizationCodeRequest, code: LiveCode) -> str | None:
    if code.code_challenge is None:
        # RFC 9700 §4.8.2: a verifier for a code without a challenge is the mark of a downgrade.
        no_challenge = "The authorization request had no code_challenge, so there must be no code_verifier."
        return None if request.code_verifier is None else no_challenge
    if request.code_verifier is None:
        return "The parameter code_verifier is missing."
    if not pkce.matches(code.code_challenge, request.code_verifier):
        return "The code_verifier does not match the code_challenge of the authorization request."
    return None


def _find_key_fault(code: LiveCode, jkt: str | None) -> str | None:
    # RFC 9449 §10: a code that was asked for with a key's thumbprint is for the holder of that key alone.
    if code.dpop_jkt is None or code.dpop_jkt == jkt:
        return None
    if jkt is None:
        return "The code is bound to a key: send a DPoP proof of it."
    return "The code is bound to another key than the DPoP proof was made with."


def _require_usable(live: LiveCode, now: int) -> None:
    if live.is_expired(now):
        raise _invalid_grant("The code has expired: it is valid for a minute. Start again.")
    if live.is_ended:
        raise _invalid_grant("The connection was ended, or its user may not act any more.")
    require_not_refused(live.app_standing)


def _standing_scope(live: LiveCode) -> Scope:
    # The answer names no scope that was taken away since the approval (RFC 6749 §5.1): it would open nothing.
    scope = live.standing
    if not scope:
        raise _invalid_grant("Nothing that the user approved is left to this connection: connect again.")
    return scope


def _require_same_resource(request: AuthorizationCodeRequest, code: LiveCode) -> None:
    if not is_bound_to_all(code.resource, request.resource):
        raise OAuthError(
            ErrorCode.INVALID_TARGET, "The resource is not the one that the user authorised: start again with it."
        )


def _invalid_grant(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_GRANT, description)
