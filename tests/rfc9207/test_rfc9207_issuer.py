"""Every authorization response names its issuer. RFC 9207 §2."""

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import authorization_server_metadata
from consentry.oauth.responses import authorization_error_response, authorization_response

ISSUER = "https://login.test"
REFUSAL = OAuthError(ErrorCode.ACCESS_DENIED, "The user declined.", "internal")


def test_pk_13_a_success_names_the_issuer() -> None:
    assert authorization_response("c", "s", ISSUER) == {"code": "c", "state": "s", "iss": ISSUER}
    assert authorization_response("c", None, ISSUER) == {"code": "c", "iss": ISSUER}


def test_pk_13_an_error_names_the_issuer() -> None:
    assert authorization_error_response(REFUSAL, "s", ISSUER) == {
        "error": "access_denied",
        "error_description": "The user declined.",
        "state": "s",
        "iss": ISSUER,
    }
    assert "state" not in authorization_error_response(REFUSAL, None, ISSUER)


def test_pk_13_the_metadata_says_so_with_the_same_issuer() -> None:
    document = authorization_server_metadata(ISSUER, scopes=[])

    assert document["authorization_response_iss_parameter_supported"] is True
    assert authorization_response("c", None, ISSUER)["iss"] == document["issuer"]
