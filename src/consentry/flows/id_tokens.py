"""ID tokens: that a user signed in, told to the app that they came from.

OpenID Connect Core 1.0 §2, §3.1.3.3, §12.2.
"""

from dataclasses import dataclass

from consentry.flows.identities import Identities, approved_claims
from consentry.flows.issue_tokens import MintedAccess
from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.model.client import Client
from consentry.model.credential import SignInFacts
from consentry.model.ids import UserId
from consentry.model.live import LiveConnection
from consentry.model.live_grant import LiveCode, LiveGrant
from consentry.oauth.claims_request import ClaimsRequest
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.id_token import TYP, IdToken
from consentry.oauth.identity_scopes import OPENID
from consentry.oauth.scope import Scope
from consentry.ports.logout import SessionAppStore


@dataclass(frozen=True, slots=True)
class IdTokens:
    """Issues ID tokens beside access tokens."""

    keys: SigningKeys
    identities: Identities
    subjects: Subjects
    session_apps: SessionAppStore
    issuer: str

    async def of_code(self, live: LiveCode, client: Client, access: MintedAccess) -> str | None:
        """Return the ID token of a code that is exchanged; None where `openid` was not granted.

        Raises OAuthError(INVALID_GRANT) where the session has ended, and the app is one that would have been told so.
        """
        if OPENID not in access.row.scope or live.sign_in is None:
            return None
        await self._note(client, live.user_id, live.sign_in, access)
        nonce = live.nonce
        return await self._issue(client, live.connection, live.user_id, live.sign_in, access, nonce)

    async def of_family(self, live: LiveGrant, client: Client, access: MintedAccess) -> str | None:
        """Return the ID token of a refresh, which tells of the same sign-in and has no nonce (§12.2).

        That of a device has none either: nothing but its code connects what it asked for with what it gets.
        """
        if OPENID not in access.row.scope or live.sign_in is None:
            return None
        return await self._issue(client, live.connection, live.user_id, live.sign_in, access, None)

    async def _note(self, client: Client, user_id: UserId, facts: SignInFacts, access: MintedAccess) -> None:
        """Remember that the app is to be told of the session's end (Back-Channel Logout 1.0 §2.5), if it wants to."""
        app = client.app
        if app.metadata.backchannel_logout_uri is None:
            return
        if not await self.session_apps.note(facts.session_id, app.id, user_id, now=access.row.issued_at):
            raise OAuthError(ErrorCode.INVALID_GRANT, "The user has signed out meanwhile: start again.")

    async def _issue(
        self,
        client: Client,
        connection: LiveConnection,
        user_id: UserId,
        facts: SignInFacts,
        access: MintedAccess,
        nonce: str | None,
    ) -> str:
        app = client.app
        algorithm = app.metadata.id_token_signed_response_alg
        # Core §5.4: what the scopes open is told at UserInfo; here only what was asked for here (§5.5).
        asked = ClaimsRequest.from_text(facts.claims).id_token
        standing = connection.standing(Scope.parse(connection.scopes)) if asked else Scope()
        token = IdToken(
            issuer=self.issuer,
            subject=self.subjects.subject(app, user_id),
            client_id=app.client_id,
            issued_at=access.row.issued_at,
            authenticated_at=facts.authenticated_at,
            session=self.subjects.session(app, facts.session_id),
            access_token=access.text.reveal(),
            algorithm=algorithm,
            nonce=nonce,
            claims=await self.identities.claims(user_id, approved_claims(asked, standing)),
        )
        return await self.keys.sign(token.to_claims(), typ=TYP, algorithm=algorithm)
