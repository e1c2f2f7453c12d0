"""What a program says of a client that it registers, or of itself in its document. RFC 7591 §2.

Everything here is a claim by a stranger: sound in form, and nobody stands for it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from consentry.oauth.client_metadata import (
    ASSERTION_ALGORITHMS,
    AUTHORIZATION_CODE,
    DEVICE_CODE,
    REFRESH_TOKEN,
    SIGNING_ALGORITHMS,
    ClientMetadata,
)
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.private_scheme import is_private_use
from consentry.oauth.redirect_fault import find_redirect_fault
from consentry.oauth.registration_members import (
    choice_of,
    flag_of,
    list_of,
    refuse,
    seconds_of,
    text_of,
    web_address_of,
)
from consentry.oauth.scope import MAX_TOKENS
from consentry.oauth.uri import Uri

REDIRECT_URIS_MOST = 20
"""Most redirect URIs of one client."""

NATIVE, WEB = "native", "web"
NONE, PRIVATE_KEY = "none", "private_key_jwt"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")

_MAX_AGE_MOST = 2**31 - 1
_GRANTS = (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE)
_WEB_SCHEMES = ("https", "http")


@dataclass(frozen=True, slots=True)
class ClientClaims:
    """What is claimed. `scope` holds the names asked for, known here or not; `methods` all ways to authenticate.

    `left_out` are redirect URIs that were asked for and cannot be registered, beside others that can.
    """

    name: str | None
    redirect_uris: tuple[str, ...]
    left_out: tuple[str, ...]
    scope: frozenset[str]
    method: str | None
    methods: frozenset[str]
    metadata: ClientMetadata

    @property
    def runs_on_own_device(self) -> bool:
        """Tell whether the client is a program on somebody's device, which can keep no secret. RFC 8252 §8.4, §8.5."""
        return self.metadata.application_type == NATIVE or any(
            is_private_use(Uri.parse(uri)) for uri in self.redirect_uris
        )


def parse_members(body: bytes) -> Mapping[str, object]:
    """Read a JSON object. Raises OAuthError(INVALID_CLIENT_METADATA). *Source:* RFC 7591 §3.1."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, "The body must be JSON in UTF-8.") from error
    if not isinstance(members, dict):
        refuse("The body must be one JSON object.")
    return members


def parse_claims(members: Mapping[str, object]) -> ClientClaims:
    """Read the metadata of a client; what is not known is ignored (RFC 7591 §2).

    Raises OAuthError (INVALID_REDIRECT_URI or INVALID_CLIENT_METADATA). *Source:* RFC 7591 §2 and §3.2.2.
    """
    application_type = choice_of(members, "application_type", (NATIVE, WEB))
    grant_types = _grant_types(members)
    redirect_uris, left_out = _redirect_uris(members, grant_types, private_schemes=application_type != WEB)
    method = text_of(members, "token_endpoint_auth_method")
    offered = list_of(members, "token_endpoint_auth_methods_supported") or ()
    jwks, jwks_uri = members.get("jwks"), web_address_of(members, "jwks_uri")
    if jwks is not None and jwks_uri is not None:
        # RFC 7591 §2: the two must not both be there.
        refuse("Send jwks or jwks_uri, not both.")
    if jwks is not None and not isinstance(jwks, dict):
        refuse("The member jwks must be a JSON object with the member keys.")
    metadata = ClientMetadata(
        grant_types=grant_types,
        application_type=application_type,
        token_endpoint_auth_signing_alg=choice_of(members, "token_endpoint_auth_signing_alg", ASSERTION_ALGORITHMS),
        jwks=None if jwks is None else json.dumps(jwks, separators=(",", ":"), sort_keys=True),
        jwks_uri=jwks_uri,
        require_pushed_authorization_requests=flag_of(members, "require_pushed_authorization_requests"),
        dpop_bound_access_tokens=flag_of(members, "dpop_bound_access_tokens"),
        subject_type=choice_of(members, "subject_type", ("public", "pairwise")) or "public",
        sector_identifier_uri=web_address_of(members, "sector_identifier_uri"),
        id_token_signed_response_alg=choice_of(members, "id_token_signed_response_alg", SIGNING_ALGORITHMS)
        or ClientMetadata().id_token_signed_response_alg,
        userinfo_signed_response_alg=choice_of(members, "userinfo_signed_response_alg", SIGNING_ALGORITHMS),
        default_max_age=seconds_of(members, "default_max_age", most=_MAX_AGE_MOST),
        require_auth_time=flag_of(members, "require_auth_time"),
        post_logout_redirect_uris=tuple(_sound_addresses(members, "post_logout_redirect_uris")),
        backchannel_logout_uri=web_address_of(members, "backchannel_logout_uri"),
        backchannel_logout_session_required=flag_of(members, "backchannel_logout_session_required"),
        client_uri=web_address_of(members, "client_uri", schemes=_WEB_SCHEMES),
        logo_uri=web_address_of(members, "logo_uri", schemes=_WEB_SCHEMES),
        policy_uri=web_address_of(members, "policy_uri", schemes=_WEB_SCHEMES),
        tos_uri=web_address_of(members, "tos_uri", schemes=_WEB_SCHEMES),
        contacts=list_of(members, "contacts") or (),
        software_id=text_of(members, "software_id"),
        software_version=text_of(members, "software_version"),
    )
    return ClientClaims(
        name=text_of(members, "client_name"),
        redirect_uris=redirect_uris,
        left_out=left_out,
        scope=frozenset((text_of(members, "scope") or "").split()[:MAX_TOKENS]),
        method=method,
        methods=frozenset({*offered, *([method] if method else [])}),
        metadata=metadata,
    )


def _grant_types(members: Mapping[str, object]) -> tuple[str, ...]:
    """Return the grants that are asked for and can be had; both of a flow with redirects where none is named.

    *Source:* RFC 7591 §2, §2.1: grants and response types that do not fit each other are refused.
    """
    asked = list_of(members, "grant_types")
    responses = list_of(members, "response_types")
    given = (AUTHORIZATION_CODE, REFRESH_TOKEN) if asked is None else tuple(one for one in _GRANTS if one in asked)
    if not set(given) & {AUTHORIZATION_CODE, DEVICE_CODE}:
        refuse(f"A client that registers itself may use these grants: {', '.join(_GRANTS)}.")
    if responses and "code" not in responses and AUTHORIZATION_CODE in given:
        refuse("The only response_type supported is code, and the grant authorization_code needs it.")
    if responses and "code" in responses and AUTHORIZATION_CODE not in given:
        refuse("The response_type code needs the grant authorization_code.")
    return given


def _redirect_uris(
    members: Mapping[str, object], grant_types: Sequence[str], *, private_schemes: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the redirect URIs to register, and those that are left out.

    Choice: a private scheme that does not name its owner is left out, so that it does not sink the addresses beside it;
    every other fault refuses the whole, because nothing but a mistake or an attack writes it.
    """
    try:
        asked = list_of(members, "redirect_uris") or ()
    except OAuthError as error:
        raise OAuthError(ErrorCode.INVALID_REDIRECT_URI, error.description) from error
    if len(asked) > REDIRECT_URIS_MOST:
        _refuse_uri(f"A client can have at most {REDIRECT_URIS_MOST} redirect URIs.")
    kept, left_out, sentence = [], [], "The flow with redirects needs redirect_uris with at least one address."
    for uri in dict.fromkeys(asked):
        fault = find_redirect_fault(uri, private_schemes=private_schemes)
        if fault is None:
            kept.append(uri)
        elif fault.part == "scheme" and is_private_use(Uri.parse(uri)):
            left_out.append(uri)
            sentence = fault.sentence
        else:
            _refuse_uri(fault.sentence)
    if not kept and (left_out or AUTHORIZATION_CODE in grant_types):
        _refuse_uri(sentence)
    return tuple(kept), tuple(left_out)


def _sound_addresses(members: Mapping[str, object], name: str) -> Iterator[str]:
    for uri in list_of(members, name) or ():
        fault = find_redirect_fault(uri)
        if fault is not None:
            refuse(f"An entry of {name} cannot be registered. {fault.sentence}")
        yield uri


def _refuse_uri(sentence: str) -> None:
    raise OAuthError(ErrorCode.INVALID_REDIRECT_URI, sentence)
