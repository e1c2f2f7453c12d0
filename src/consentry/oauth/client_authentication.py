"""Who a client says it is, and by which one method. RFC 6749 §2.3, RFC 7521 §4.2."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.jwt import JwtFault
from consentry.oauth.jwt_assertion import ASSERTION_TYPE, ClientAssertion, parse_client_assertion
from consentry.oauth.parameters import Parameters

ClientAuthenticationMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
"""The methods, by their registered names. RFC 7591 §2, OpenID Connect Core 1.0 §9."""

T = TypeVar("T")

_MAX_LENGTH = 2000
# RFC 6749 Appendix A.1 and A.2: printable ASCII.
_VISIBLE = re.compile(rf"[\x20-\x7E]{{1,{_MAX_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """The client's claim, still to be checked. What proves it is left out of the representation.

    Read once from a header that comes with each request of a connection, and then the same each time.
    """

    client_id: str
    client_secret: str | None = field(repr=False)
    method: ClientAuthenticationMethod
    assertion: ClientAssertion | None = field(default=None, repr=False)
    _read: dict[Callable[[str], object], object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of_secret(self, reading: Callable[[str], T]) -> T:
        """Return `reading` of the secret, of "" where there is none; made once. It must be pure, as a digest is."""
        if reading not in self._read:
            self._read[reading] = reading(self.client_secret or "")
        return cast("T", self._read[reading])


def is_valid_client_id(text: str) -> bool:
    """Return whether `text` has the characters of a client ID. *Source:* RFC 6749 Appendix A.1."""
    return _VISIBLE.fullmatch(text) is not None


def parse_client_authentication(
    authorization: str | None, form: Parameters, *, basic: Callable[[str], ClientCredentials] | None = None
) -> ClientCredentials:
    """Read the client's credentials from the Authorization header or the form, by exactly one method.

    `basic` reads the header where the caller has a quicker way to what `parse_basic` returns or raises.
    Raises OAuthError(INVALID_REQUEST) for two methods at once or two different client IDs, and
    OAuthError(INVALID_CLIENT) if no client is named or the credentials cannot be read. *Source:* RFC 6749 §2.3.
    """
    client_id = form.one("client_id")
    client_secret = form.one("client_secret")
    assertion = _parse_assertion(form)
    if assertion is not None:
        if authorization is not None or client_secret is not None:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The client used more than one authentication method.")
        if client_id is not None and client_id != assertion.client_id:
            raise _invalid_client("The client_id is not the subject of the client assertion.")
        return ClientCredentials(assertion.client_id, None, "private_key_jwt", assertion)
    if authorization is not None:
        if client_secret is not None:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The client used more than one authentication method.")
        credentials = (basic or parse_basic)(authorization)
        if client_id is not None and client_id != credentials.client_id:
            raise OAuthError(
                ErrorCode.INVALID_REQUEST, "The client_id in the body is not the one in the Authorization header."
            )
        return credentials
    if client_id is None:
        raise _invalid_client("The request names no client: send client_id, or authenticate with HTTP Basic.")
    if not is_valid_client_id(client_id):
        raise _invalid_client("The client_id is not valid.")
    if client_secret is None:
        return ClientCredentials(client_id, None, "none")
    return ClientCredentials(client_id, client_secret, "client_secret_post")


def _parse_assertion(form: Parameters) -> ClientAssertion | None:
    text, kind = form.one("client_assertion"), form.one("client_assertion_type")
    if text is None and kind is None:
        return None
    # RFC 7521 §4.2: both are needed.
    if text is None or kind is None:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "Send client_assertion and client_assertion_type together.")
    if kind != ASSERTION_TYPE:
        raise _invalid_client(f"The only client_assertion_type supported is {ASSERTION_TYPE}.")
    try:
        assertion = parse_client_assertion(text)
    except JwtFault as fault:
        raise _invalid_client(f"The client assertion {fault}") from None
    if not is_valid_client_id(assertion.client_id):
        raise _invalid_client("The client assertion has a subject that cannot be a client ID.")
    return assertion


def parse_basic(authorization: str) -> ClientCredentials:
    """Read an Authorization header of scheme Basic. Raises OAuthError(INVALID_CLIENT). *Source:* RFC 6749 §2.3.1."""
    scheme, _, encoded = authorization.strip(" \t").partition(" ")
    if scheme.lower() != "basic":
        raise _invalid_client("The only scheme for client authentication in the Authorization header is Basic.")
    try:
        name, colon, password = b64decode(encoded.strip(" "), validate=True).decode().partition(":")
    except ValueError as error:  # not base64, or not UTF-8
        raise _invalid_client("The Basic credentials cannot be read.") from error
    client_id, client_secret = _form_decoded(name), _form_decoded(password)
    if not colon or client_id is None or client_secret is None or not is_valid_client_id(client_id):
        raise _invalid_client("The Basic credentials cannot be read.")
    # An empty password says no more than a bare client_id does, and some clients of public apps send it.
    if not client_secret:
        return ClientCredentials(client_id, None, "none")
    return ClientCredentials(client_id, client_secret, "client_secret_basic")


def _form_decoded(text: str) -> str | None:
    """Undo the form-encoding that RFC 6749 §2.3.1 puts inside Basic credentials; None if it cannot be undone."""
    if "%" not in text and "+" not in text and "\0" not in text:
        return text
    # As in a form, an ampersand or an equals sign inside the value must be encoded; being lenient about
    # them here is harmless, as nothing is split at them.
    try:
        decoded = Parameters.from_form(b"v=" + text.replace("&", "%26").replace("=", "%3D").encode())
    except OAuthError:
        return None
    return decoded.one("v") or ""


def _invalid_client(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_CLIENT, description)
