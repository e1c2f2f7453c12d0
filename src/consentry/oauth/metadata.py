"""The document in which clients find the endpoints. RFC 8414."""

from collections.abc import Sequence

from consentry.oauth.client_metadata import (
    ASSERTION_ALGORITHMS,
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    REFRESH_TOKEN,
)
from consentry.oauth.uri import Uri

AUTHORIZATION_PATH = "/oauth/authorize"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, not a secret
REVOCATION_PATH = "/oauth/revoke"
INTROSPECTION_PATH = "/oauth/introspect"
PUSHED_REQUEST_PATH = "/oauth/par"
JWKS_PATH = "/oauth/jwks"
END_SESSION_PATH = "/oauth/logout"
REGISTRATION_PATH = "/oauth/register"
DEVICE_AUTHORIZATION_PATH = "/oauth/device_authorization"

_WELL_KNOWN = "/.well-known/oauth-authorization-server"
_MAX_LENGTH = 2000


def authorization_server_metadata(
    issuer: str,
    *,
    scopes: Sequence[str],
    service_documentation: str | None = None,
    ui_locales: Sequence[str] = (),
    require_pushed: bool = False,
    devices: bool = False,
    registration: bool = False,
    client_id_metadata_documents: bool = False,
) -> dict[str, object]:
    """Return the metadata of the server at `issuer`, which must have no fault (`find_issuer_fault`).

    It lists what is there and nothing else: PKCE by S256, answers in the query, `iss` in every answer.
    *Source:* RFC 8414 §2, RFC 8628 §4, RFC 9126 §5, RFC 9207 §3, RFC 9449 §5.1, RFC 9701 §7.
    """
    proving = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    client_methods, algorithms = [*proving, "none"], list(ASSERTION_ALGORITHMS)
    metadata: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZATION_PATH,
        "token_endpoint": issuer + TOKEN_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "pushed_authorization_request_endpoint": issuer + PUSHED_REQUEST_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "scopes_supported": sorted(scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": [
            AUTHORIZATION_CODE,
            REFRESH_TOKEN,
            CLIENT_CREDENTIALS,
            *([DEVICE_CODE] if devices else []),
        ],
        "token_endpoint_auth_methods_supported": client_methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": client_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": proving,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": require_pushed,
    }
    if devices:
        # RFC 8628 §4.
        metadata["device_authorization_endpoint"] = issuer + DEVICE_AUTHORIZATION_PATH
    if registration:
        metadata["registration_endpoint"] = issuer + REGISTRATION_PATH
    if client_id_metadata_documents:
        # draft-ietf-oauth-client-id-metadata-document §5.
        metadata["client_id_metadata_document_supported"] = True
    if service_documentation is not None:
        metadata["service_documentation"] = service_documentation
    if ui_locales:
        metadata["ui_locales_supported"] = list(ui_locales)
    return metadata


def well_known_path(issuer: str) -> str:
    """Return the path of the document: the well-known part goes before the issuer's own path.

    *Source:* RFC 8414 §3.1.

    >>> well_known_path("https://login.test/tenant")
    '/.well-known/oauth-authorization-server/tenant'
    """
    return _WELL_KNOWN + Uri.parse(issuer).path.rstrip("/")


def find_issuer_fault(issuer: str) -> str | None:
    """Return a sentence that says why `issuer` cannot be the issuer, or None if it can. *Source:* RFC 8414 §2.

    Choice: plain http on the user's own computer is allowed, and a slash at the end is not: clients compare the
    issuer character by character (RFC 9207 §2.4), and a slash is what people get wrong.
    """
    if not issuer.isascii() or not issuer.isprintable() or " " in issuer or len(issuer) > _MAX_LENGTH:
        return f"The issuer must have at most {_MAX_LENGTH} printable ASCII characters and no space."
    uri = Uri.parse(issuer)
    if uri.scheme != "https" and not uri.is_loopback_http:
        return "The issuer must begin with https://, or with http:// on localhost, 127.0.0.1 or [::1]."
    if uri.query is not None or uri.fragment is not None or uri.userinfo is not None:
        return "The issuer must have no query, no fragment and no user name."
    if uri.host != (uri.host or "").lower() or not uri.has_valid_host or not uri.has_valid_port:
        return "The issuer must have a valid host in small letters and, if it names a port, one from 1 to 65535."
    return "The issuer must not end in a slash." if issuer.endswith("/") else None
