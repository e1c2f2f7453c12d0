"""Every authorization response names its issuer. RFC 9207 §2."""

import pytest

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.metadata import authorization_server_metadata
from consentry.oauth.responses import authorization_error_response, authorization_response

ISSUER = "https://login.test"
REFUSAL = OAuthError(ErrorCode.ACCESS_DENIED, "The user declined.", "internal")


@pytest.mark.shows("RFC 9207 §2 every-answer", "RFC 9207 §2.1 encoded", "OAuth 2.1 §4.1.2 iss")
def test_pk_13_a_success_names_the_issuer() -> None:
    assert authorization_response("c", "s", ISSUER) == {"code": "c", "state": "s", "iss": ISSUER}
    assert authorization_response("c", None, ISSUER) == {"code": "c", "iss": ISSUER}


@pytest.mark.shows("RFC 9207 §2 every-answer")
def test_pk_13_an_error_names_the_issuer() -> None:
    assert authorization_error_response(REFUSAL, "s", ISSUER) == {
        "error": "access_denied",
        "error_description": "The user declined.",
        "state": "s",
        "iss": ISSUER,
    }
    assert "state" not in authorization_error_response(REFUSAL, None, ISSUER)


@pytest.mark.shows("RFC 9207 §3 metadata", "RFC 9207 §2.3 same")
def test_pk_13_the_metadata_says_so_with_the_same_issuer() -> None:
    document = authorization_server_metadata(ISSUER, scopes=[])

    assert document["authorization_response_iss_parameter_supported"] is True
    assert authorization_response("c", None, ISSUER)["iss"] == document["issuer"]
