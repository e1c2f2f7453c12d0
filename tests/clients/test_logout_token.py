"""A library that we did not write checks the token by which an app is told that somebody signed out."""

import pytest
from node_program import converse

from consentry.model.ids import SessionId
from consentry.model.logout_delivery import LogoutDelivery
from live_server import Site

pytestmark = pytest.mark.clients


def nothing(said: dict[str, object]) -> object:
    raise AssertionError(f"nothing is asked: {said}")


@pytest.mark.interop("jose", "logout token")
@pytest.mark.shows("Back-Channel Logout §2.4 signed", "Back-Channel Logout §2.4 typ", "Back-Channel Logout §2.4 claims")
@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_jose_accepts_a_logout_token(site: Site, algorithm: str, subject_type: str) -> None:
    uri = "https://client.test/logout"
    app = site.add_app(
        required=("openid",),
        metadata={
            "backchannel_logout_uri": uri,
            "id_token_signed_response_alg": algorithm,
            "subject_type": subject_type,
        },
    )
    known = site.run(site.deeds.app_registry.apps.find_app(app.client_id))
    assert known is not None
    session = SessionId("0000000000000000000ses")
    now = site.deeds.clock.now()
    delivery = LogoutDelivery("one", known.id, known.client_id, uri, site.ana.id, session, 0, now)
    token = site.run(site.deeds.backchannel_logout._token(known, delivery))

    claims = converse(
        "jose-logout-token",
        {
            "token": token,
            "jwks_uri": f"{site.issuer}/oauth/jwks",
            "issuer": site.issuer,
            "client_id": app.client_id,
            "algorithm": algorithm,
        },
        nothing,
    )

    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert (claims["sub"] == site.ana.id, claims["sid"] == session) == ((subject_type == "public"),) * 2
