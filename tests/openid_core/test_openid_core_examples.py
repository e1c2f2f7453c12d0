"""The examples that OpenID Connect Core 1.0 prints are read and computed as it says."""

import json

import pytest
from openid_core_vectors import CLAIMS

from consentry.oauth.authorization_request import AuthorizationRequest, ClientReference
from consentry.oauth.claims_request import ClaimsRequest
from consentry.oauth.id_token import half_hash
from consentry.oauth.parameters import Parameters

AUTHORIZATION = (
    "response_type=code&client_id=s6BhdRkqt3&redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb"
    "&scope=openid%20profile%20email&nonce=n-0S6_WzA2Mj&state=af0ifjsldkj"
)


@pytest.mark.shows("OIDC Core §A.2 example", "OIDC Core §3.1.2.1")
def test_the_authorization_request_of_appendix_a_2() -> None:
    query = Parameters.from_query(AUTHORIZATION)

    assert ClientReference.parse(query) == ClientReference("s6BhdRkqt3", "https://client.example.org/cb")
    asked = AuthorizationRequest.parse(query, require_pkce=False)
    assert str(asked.scope) == "email openid profile"
    assert (asked.nonce, asked.state) == ("n-0S6_WzA2Mj", "af0ifjsldkj")


@pytest.mark.shows("OIDC Core §5.5 claims-parameter")
def test_the_claims_request_of_section_5_5() -> None:
    read = ClaimsRequest.parse(json.dumps(CLAIMS))

    assert read.userinfo == {"given_name", "nickname", "email", "email_verified", "picture"}
    assert read.id_token == frozenset()
    assert read.essential_acr == ()


@pytest.mark.shows("OIDC Core §3.1.3.6 at-hash", "OIDC Core §A.3", "OIDC Core §A.6")
@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"),
        ("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk", "LDktKdoQak3Pk0cnXxCltA"),
    ],
)
def test_the_hashes_of_the_appendix(text: str, half: str) -> None:
    assert half_hash(text, "RS256") == half
