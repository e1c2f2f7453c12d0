"""The document in which clients find the endpoints. RFC 8414."""

import pytest

from consentry.oauth.metadata import authorization_server_metadata, find_issuer_fault, well_known_path

PROVING = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]


@pytest.mark.shows("RFC 8414 §2 response-types", "RFC 8414 §2 pkce", "RFC 9700 §2.1.1 pkce-known")
def test_the_document_lists_what_is_there_and_nothing_else() -> None:
    assert authorization_server_metadata("https://login.test", scopes=["b", "a"]) == {
        "issuer": "https://login.test",
        "authorization_endpoint": "https://login.test/oauth/authorize",
        "token_endpoint": "https://login.test/oauth/token",
        "revocation_endpoint": "https://login.test/oauth/revoke",
        "introspection_endpoint": "https://login.test/oauth/introspect",
        "pushed_authorization_request_endpoint": "https://login.test/oauth/par",
        "jwks_uri": "https://login.test/oauth/jwks",
        "scopes_supported": ["a", "b"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": [*PROVING, "none"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": [*PROVING, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": PROVING,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
    }


@pytest.mark.shows("RFC 8414 §3.2 no-empty")
def test_documentation_and_languages_are_listed_where_there_are_any() -> None:
    document = authorization_server_metadata(
        "https://login.test", scopes=[], service_documentation="https://docs.test/", ui_locales=("en-GB", "fr")
    )

    assert document["service_documentation"] == "https://docs.test/"
    assert document["ui_locales_supported"] == ["en-GB", "fr"]


@pytest.mark.shows("RFC 8414 §3 well-known")
@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://login.test", "/.well-known/oauth-authorization-server"),
        ("https://login.test/", "/.well-known/oauth-authorization-server"),
        ("https://login.test/a/b", "/.well-known/oauth-authorization-server/a/b"),
        ("https://login.test/a/", "/.well-known/oauth-authorization-server/a"),
    ],
)
def test_the_well_known_part_goes_before_the_path_of_the_issuer(issuer: str, path: str) -> None:
    assert well_known_path(issuer) == path


@pytest.mark.shows("RFC 8414 §2 issuer", "RFC 9207 §2 https")
@pytest.mark.parametrize(
    "issuer",
    ["https://login.test", "https://login.test:8443/a", "http://localhost:8000", "http://127.0.0.1", "http://[::1]:1"],
)
def test_a_sound_issuer_has_no_fault(issuer: str) -> None:
    assert find_issuer_fault(issuer) is None


@pytest.mark.shows("RFC 6749 §10.9 tls")
@pytest.mark.shows("RFC 8414 §2 issuer", "RFC 9207 §2 https")
@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("", "must begin with https://"),
        ("login.test", "must begin with https://"),
        ("http://login.test", "must begin with https://"),
        ("HTTPS://login.test", "must begin with https://"),
        ("https://login.test?a", "no query"),
        ("https://login.test#a", "no query"),
        ("https://me@login.test", "no query"),
        ("https://login.test/", "must not end in a slash"),
        ("https://", "valid host"),
        ("https://Login.test", "valid host in small letters"),
        ("https://login..test", "valid host"),
        ("https://login.test:0", "valid host"),
        ("https://login.test/a b", "no space"),
        ("https://login.test/\n", "printable ASCII"),
        ("https://lögin.test", "printable ASCII"),
        ("https://login.test/" + "a" * 2000, "at most 2000"),
    ],
)
def test_the_sentence_says_what_is_wrong_with_an_issuer(issuer: str, words: str) -> None:
    assert words in str(find_issuer_fault(issuer))
