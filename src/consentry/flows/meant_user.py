"""Whether the person who is signed in is the one whom the app means. OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.2."""

from dataclasses import dataclass

from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.model.app import App
from consentry.model.ids import UserId
from consentry.oauth.authorization_request import AuthorizationRequest
from consentry.oauth.id_token import TYP


@dataclass(frozen=True, slots=True)
class MeantUser:
    """Reads `id_token_hint`, and a `sub` with a value in `claims`: both say which user the answer must be about."""

    keys: SigningKeys
    subjects: Subjects
    issuer: str

    async def is_other(self, app: App, request: AuthorizationRequest, user_id: UserId) -> bool:
        """Tell whether the app means somebody else.

        A hint that was not signed here, or with a key that is long gone, says nothing: the user is asked as without
        one. With `prompt=none`, where nobody can be asked, it counts as somebody else.
        """
        subject = self.subjects.subject(app, user_id)
        if request.claims.subject is not None and request.claims.subject != subject:
            return True
        if request.id_token_hint is None:
            return False
        # §3.1.2.1: the hint may have expired, and need not have been issued to this app.
        claims = await self.keys.read_signed(request.id_token_hint, typ=TYP)
        if claims is None or claims.get("iss") != self.issuer:
            return "none" in request.prompt
        return claims.get("sub") != subject
