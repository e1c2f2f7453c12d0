"""A request to sign the person out, which an app sends with their browser. RP-Initiated Logout 1.0 §2."""

from collections.abc import Sequence
from dataclasses import dataclass

from consentry.oauth.authorization_request import MAX_STATE_LENGTH
from consentry.oauth.client_authentication import is_valid_client_id
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import MAX_LENGTH, find_match, response_uri

FIELDS = ("id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")
"""The parameters, in the order of the specification."""

_MAX_HINT_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What was asked: claims, all of them. Nobody is sent anywhere on their strength alone."""

    id_token_hint: str | None
    client_id: str | None
    post_logout_redirect_uri: str | None
    state: str | None

    @classmethod
    def parse(cls, parameters: Parameters) -> "LogoutRequest":
        """Read the parameters. Raises OAuthError(INVALID_REQUEST), which is shown on a page.

        `logout_hint` and `ui_locales` are of no use here and ignored: who signs out is whoever is signed in, and the
        pages have one language. *Source:* RP-Initiated Logout §2 and §4.
        """
        parameters.refuse_repeated(*FIELDS)
        client_id = parameters.one("client_id")
        if client_id is not None and not is_valid_client_id(client_id):
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The parameter client_id is not valid.")
        return cls(
            id_token_hint=_bounded(parameters, "id_token_hint", _MAX_HINT_LENGTH),
            client_id=client_id,
            post_logout_redirect_uri=_bounded(parameters, "post_logout_redirect_uri", MAX_LENGTH),
            state=_bounded(parameters, "state", MAX_STATE_LENGTH),
        )

    def find_target(self, registered: Sequence[str]) -> str | None:
        """Return where the person is sent afterwards, with `state`, if that is `registered`; else None.

        Compared as redirect URIs are: character by character, but for the port of a native app on loopback.
        *Source:* RP-Initiated Logout §2, §3.
        """
        uri = self.post_logout_redirect_uri
        if uri is None or find_match(registered, uri) is None:
            return None
        return uri if self.state is None else response_uri(uri, {"state": self.state})


def _bounded(parameters: Parameters, name: str, most: int) -> str | None:
    value = parameters.one(name)
    if value is not None and len(value) > most:
        raise OAuthError(ErrorCode.INVALID_REQUEST, f"The parameter {name} is longer than {most} characters.")
    return value
