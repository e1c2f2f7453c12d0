"""What OpenID Connect adds to the server's metadata. OpenID Connect Discovery 1.0 §3."""

from consentry.oauth.client_metadata import SIGNING_ALGORITHMS
from consentry.oauth.id_token import ACR_PASSWORD
from consentry.oauth.identity_scopes import SCOPE_OF_CLAIM
from consentry.oauth.metadata import END_SESSION_PATH
from consentry.oauth.uri import Uri

USER_INFO_PATH = "/oauth/userinfo"

_WELL_KNOWN = "/.well-known/openid-configuration"
_OF_THE_SIGN_IN = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")


def openid_metadata(issuer: str) -> dict[str, object]:
    """Return the members to add; with them, one document is that of RFC 8414 and that of OpenID Connect alike."""
    return {
        "userinfo_endpoint": issuer + USER_INFO_PATH,
        # RP-Initiated Logout 1.0 §2.1, Back-Channel Logout 1.0 §2.1.
        "end_session_endpoint": issuer + END_SESSION_PATH,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "acr_values_supported": [ACR_PASSWORD],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": [*_OF_THE_SIGN_IN, *SCOPE_OF_CLAIM],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        # Left out, it would be taken for true.
        "request_uri_parameter_supported": False,
    }


def openid_configuration_paths(issuer: str) -> tuple[str, ...]:
    """Return where the document is found: under the issuer (§4), and where RFC 8414 §5 lets a client look, too.

    What stands under the issuer's own path comes here without it, as everything else does.

    >>> openid_configuration_paths("https://login.test/tenant")
    ('/.well-known/openid-configuration', '/.well-known/openid-configuration/tenant')
    """
    path = Uri.parse(issuer).path.rstrip("/")
    return (_WELL_KNOWN, _WELL_KNOWN + path) if path else (_WELL_KNOWN,)
