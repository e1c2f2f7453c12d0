"""UserInfo: who the user of an access token is, as far as they let its app know. OpenID Connect Core 1.0 §5.3."""

from dataclasses import dataclass
from typing import NamedTuple

from consentry.flows.check_bearer import CheckBearer
from consentry.flows.identities import Identities, approved_claims, claims_of_scope
from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.model.access import Refused
from consentry.model.ids import TokenId
from consentry.model.secret import CredentialKind, parse_credential
from consentry.oauth.claims_request import ClaimsRequest
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OPENID
from consentry.ports.apps import AppStore
from consentry.ports.identities import IdentityStore

TYP = "userinfo+jwt"
"""The `typ` of a signed answer: it never passes for an ID token, which the same keys sign (RFC 8725 §3.11)."""


class SignedUserInfo(NamedTuple):
    """The claims as a JWT. *Source:* OpenID Connect Core §5.3.2."""

    jwt: str


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Tells claims to whoever holds an access token with `openid`."""

    bearer: CheckBearer
    apps: AppStore
    store: IdentityStore
    identities: Identities
    subjects: Subjects
    keys: SigningKeys
    issuer: str

    async def tell(self, text: str, *, jkt: str | None = None) -> dict[str, object] | SignedUserInfo:
        """Return `sub` and the claims that are approved now, signed where the app is registered for that.

        `jkt` is the thumbprint of the key that the caller has proved to hold. A token that is bound to an API of the
        product's serves here too: it is this server's own.
        Raises OAuthError: INVALID_TOKEN, and INSUFFICIENT_SCOPE for a token without `openid`.
        """
        parsed = parse_credential(text, CredentialKind.ACCESS_TOKEN)
        access = await self.bearer.check(text, jkt=jkt)
        if isinstance(access, Refused):
            raise OAuthError(ErrorCode.INVALID_TOKEN, access.sentence, str(access.reason))
        if parsed is None or access.scope is None or access.client_id is None:
            raise OAuthError(ErrorCode.INVALID_TOKEN, "An API key is nobody's sign-in: send an access token.")
        if OPENID not in access.scope:
            raise OAuthError(ErrorCode.INSUFFICIENT_SCOPE, "The access token was not granted the scope openid.")
        app, asked = await self.apps.find_app(access.client_id), await self.store.find_asked(TokenId(parsed.id))
        if app is None or asked is None:
            raise OAuthError(ErrorCode.INVALID_TOKEN, "The access token was ended.")
        names = claims_of_scope(access.scope) | approved_claims(
            ClaimsRequest.from_text(asked.claims).userinfo, asked.standing
        )
        subject = self.subjects.subject(app, access.user_id)
        claims = {**await self.identities.claims(access.user_id, names), "sub": subject}
        algorithm = app.metadata.userinfo_signed_response_alg
        if algorithm is None:
            return claims
        signed = {**claims, "iss": self.issuer, "aud": app.client_id}
        return SignedUserInfo(await self.keys.sign(signed, typ=TYP, algorithm=algorithm))
