"""Signing out at an app's request: whose request it is, and where the person may be sent afterwards.

OpenID Connect RP-Initiated Logout 1.0 §2 to §4. The session itself ends in `sign_in.sign_out`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.model.app import App, AppStatus
from consentry.model.session import LiveSession
from consentry.oauth.id_token import TYP
from consentry.oauth.logout_request import LogoutRequest
from consentry.ports.apps import AppStore

_NOT_OURS = "The app sent an id_token_hint that was not issued here, or is too old to be known."
_NOT_THE_CLIENT = "The app sent a client_id that is not the one of its id_token_hint."
_NO_HINT = "The app sent no id_token_hint, so it is not certain where you may be sent."
_NOT_REGISTERED = "The app asked to send you to an address that is not registered for it."


@dataclass(frozen=True, slots=True)
class AskedLogout:
    """A request for logout, as far as it could be believed.

    `app` sent it, as its hint shows; `sid` is the session that the app means; `target` is where the person is sent
    afterwards, `state` included. `fault` says what is wrong with the request: then there is no `target` (§4).
    """

    app: App | None = None
    sid: str | None = None
    target: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Logout:
    """Judges requests for logout. Writes nothing."""

    apps: AppStore
    signing_keys: SigningKeys
    subjects: Subjects
    issuer: str

    async def read(self, request: LogoutRequest) -> AskedLogout:
        """Return what of the request can be believed; never raises for what an app sent.

        Nobody is sent anywhere without a hint of ours: with only a client ID, which anybody knows, this would be a
        way to send people on from here (threat CS-14; §2 and §3 leave it to the server).
        """
        if request.id_token_hint is None:
            return AskedLogout(fault=None if request.post_logout_redirect_uri is None else _NO_HINT)
        # §2: a hint of ours that has expired is good.
        claims = await self.signing_keys.read_signed(request.id_token_hint, typ=TYP)
        client_id = None if claims is None or claims.get("iss") != self.issuer else _client_of(claims)
        if claims is None or client_id is None:
            return AskedLogout(fault=_NOT_OURS)
        if request.client_id not in {None, client_id}:
            return AskedLogout(fault=_NOT_THE_CLIENT)
        app = await self.apps.find_app(client_id)
        if app is None or app.status is not AppStatus.ACTIVE:
            return AskedLogout(fault=_NOT_OURS)
        sid = claims.get("sid")
        target = request.find_target(app.metadata.post_logout_redirect_uris)
        refused = request.post_logout_redirect_uri is not None and target is None
        return AskedLogout(
            app, sid if isinstance(sid, str) else None, target, fault=_NOT_REGISTERED if refused else None
        )

    def is_of(self, asked: AskedLogout, live: LiveSession) -> bool:
        """Tell whether the app showed that it means just this session, so that nobody need be asked (§2)."""
        if asked.app is None or asked.fault is not None:
            return False
        return asked.sid == self.subjects.session(asked.app, live.session.id)


def _client_of(claims: Mapping[str, Any]) -> str | None:
    """Return the client that the token was issued to: its `azp`, or its one audience. OpenID Connect Core §2."""
    audience = claims.get("aud")
    found = claims.get("azp", audience[0] if isinstance(audience, list) and len(audience) == 1 else audience)
    return found if isinstance(found, str) else None
