"""The authorization request, read in two steps: before and after the redirect URI is trusted.

RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, OpenID Connect Core 1.0 §3.1.2.1.
"""

import re
from dataclasses import dataclass

from consentry.oauth.claims_request import ClaimsRequest
from consentry.oauth.client_authentication import is_valid_client_id
from consentry.oauth.dpop import parse_jkt
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.jwt import JwtFault
from consentry.oauth.parameters import Parameters
from consentry.oauth.pkce import CodeChallenge
from consentry.oauth.resource import parse_resource
from consentry.oauth.response_mode import parse_response_mode
from consentry.oauth.scope import Scope

MAX_STATE_LENGTH = 8192
"""Longest `state`, in characters."""

MAX_VALUE_LENGTH = 1024
"""Longest `nonce` and `login_hint`, in characters."""

MAX_AGE_LIMIT = 2**31 - 1
"""Largest `max_age`, in seconds."""

MAX_UI_LOCALES = 20
"""Most language tags of `ui_locales` that are kept."""

_PROMPTS = frozenset({"none", "login", "consent", "select_account"})
# OpenID Connect Core §3.1.2.6. A request that was pushed has been put in place of its reference before.
_NOT_SUPPORTED = {
    "request": ErrorCode.REQUEST_NOT_SUPPORTED,
    "request_uri": ErrorCode.REQUEST_URI_NOT_SUPPORTED,
    "registration": ErrorCode.REGISTRATION_NOT_SUPPORTED,
}
_SECONDS = re.compile(r"[0-9]{1,10}")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")


@dataclass(frozen=True, slots=True)
class ClientReference:
    """Who asks, and where the answer should go: a claim, and nothing may be redirected on its strength."""

    client_id: str
    redirect_uri: str | None

    @classmethod
    def parse(cls, query: Parameters) -> "ClientReference":
        """Read `client_id` and `redirect_uri`, and nothing else.

        Raises OAuthError(INVALID_REQUEST), which is shown on a page and never sent to a redirect URI.
        *Source:* RFC 6749 §4.1.2.1.
        """
        client_id = query.required("client_id")
        if not is_valid_client_id(client_id):
            raise _invalid("The parameter client_id is not valid.")
        return cls(client_id, query.one("redirect_uri"))


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What is asked for. To be parsed only once the client and the redirect URI are known to be right.

    `max_age` is in seconds. `claim_scope` holds the scopes of the claims that are asked for one by one (`claims`): the
    user is asked for them too, but no token gets them.
    """

    scope: Scope
    state: str | None
    code_challenge: str | None
    nonce: str | None
    resource: tuple[str, ...]
    dpop_jkt: str | None
    prompt: frozenset[str]
    login_hint: str | None
    max_age: int | None
    ui_locales: tuple[str, ...]
    claims: ClaimsRequest = ClaimsRequest()  # noqa: RUF009 - an immutable value
    id_token_hint: str | None = None
    claim_scope: Scope = Scope()  # noqa: RUF009 - an immutable value

    @property
    def put_to_user(self) -> Scope:
        """Everything that the user is asked to approve."""
        return self.scope | self.claim_scope

    @classmethod
    def parse(cls, query: Parameters, *, require_pkce: bool) -> "AuthorizationRequest":
        """Read everything but the client and the redirect URI.

        Raises OAuthError (INVALID_REQUEST, UNSUPPORTED_RESPONSE_TYPE, INVALID_SCOPE, INVALID_TARGET, or one of the
        _NOT_SUPPORTED), which goes to the trusted redirect URI together with `find_state(query)`. Unknown parameters
        and prompts are ignored, and so are `display`, `acr_values` and `claims_locales`: wishes that change nothing.
        *Source:* RFC 6749 §4.1.1; RFC 9700 §2.1.1 for PKCE.
        """
        state = _one(query, "state", MAX_STATE_LENGTH)
        for name, code in _NOT_SUPPORTED.items():
            if query.one(name) is not None:
                raise OAuthError(code, f"The parameter {name} is not supported.")
        if query.required("response_type") != "code":
            raise OAuthError(ErrorCode.UNSUPPORTED_RESPONSE_TYPE, "The only response_type supported is code.")
        parse_response_mode(query)
        return cls(
            scope=Scope.parse(query.one("scope")),
            state=state,
            code_challenge=_parse_code_challenge(query, require_pkce=require_pkce),
            nonce=_one(query, "nonce", MAX_VALUE_LENGTH),
            resource=parse_resource(query),
            dpop_jkt=_parse_dpop_jkt(query.one("dpop_jkt")),
            prompt=_parse_prompt(query.one("prompt")),
            login_hint=_one(query, "login_hint", MAX_VALUE_LENGTH),
            max_age=_parse_max_age(query.one("max_age")),
            ui_locales=_parse_ui_locales(query.one("ui_locales")),
            claims=ClaimsRequest.parse(query.one("claims")),
            id_token_hint=query.one("id_token_hint"),
        )


def find_state(query: Parameters) -> str | None:
    """Return the `state` that an error response must carry, or None if there is none to be trusted.

    Never raises, so that it serves for a request that could not be parsed. *Source:* RFC 6749 §4.1.2.1.
    """
    try:
        return _one(query, "state", MAX_STATE_LENGTH)
    except OAuthError:
        return None


def _parse_code_challenge(query: Parameters, *, require_pkce: bool) -> str | None:
    challenge = query.one("code_challenge")
    method = query.one("code_challenge_method")
    if challenge is not None:
        return CodeChallenge.parse(challenge, method).value
    if require_pkce:
        raise _invalid("The parameter code_challenge is missing: this app must use PKCE with S256.")
    if method is not None:
        raise _invalid("The parameter code_challenge_method was sent without code_challenge.")
    return None


def _parse_dpop_jkt(text: str | None) -> str | None:
    try:
        return parse_jkt(text)
    except JwtFault as fault:
        raise _invalid(f"The parameter dpop_jkt {fault}") from None


def _parse_prompt(text: str | None) -> frozenset[str]:
    words = frozenset((text or "").split(" "))
    if "none" in words and len(words) > 1:
        raise _invalid("The parameter prompt has none beside another value.")
    return words & _PROMPTS


def _parse_max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if _SECONDS.fullmatch(text) is None or int(text) > MAX_AGE_LIMIT:
        raise _invalid(f"The parameter max_age must be a number of seconds from 0 to {MAX_AGE_LIMIT}.")
    return int(text)


def _parse_ui_locales(text: str | None) -> tuple[str, ...]:
    # OpenID Connect Core §3.1.2.1: a language that is not understood is no error.
    tags = (text or "").split(" ", MAX_UI_LOCALES)[:MAX_UI_LOCALES]
    return tuple(tag for tag in tags if _LANGUAGE_TAG.fullmatch(tag))


def _one(query: Parameters, name: str, max_length: int) -> str | None:
    value = query.one(name)
    if value is not None and len(value) > max_length:
        raise _invalid(f"The parameter {name} is longer than {max_length} characters.")
    return value


def _invalid(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_REQUEST, description)
