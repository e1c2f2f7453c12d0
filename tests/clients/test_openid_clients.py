"""Client libraries that we did not write sign people in and out."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from node_program import converse

from live_server import RegisteredClient, Site
from user_agent import UserAgent

pytestmark = pytest.mark.clients

CALLBACK = "http://127.0.0.1/callback"
AFTERWARDS = "http://127.0.0.1/signed-out"


def add_login_app(site: Site, algorithm: str, subject_type: str, **metadata: object) -> RegisteredClient:
    return site.add_app(
        redirect_uris=(CALLBACK,),
        required=("openid", "profile", "email", "offline_access"),
        optional=(),
        metadata={
            "id_token_signed_response_alg": algorithm,
            "subject_type": subject_type,
            "post_logout_redirect_uris": [AFTERWARDS],
            **metadata,
        },
    )


def given(site: Site, app: RegisteredClient, algorithm: str) -> dict[str, Any]:
    return {
        "issuer": site.issuer,
        "client_id": app.client_id,
        "client_secret": app.secret,
        "redirect_uri": app.redirect_uri,
        "post_logout_redirect_uri": AFTERWARDS,
        "scope": "openid profile email offline_access",
        "algorithm": algorithm,
    }


@pytest.mark.interop("oauth4webapi", "whole login")
@pytest.mark.shows("OIDC Core §2 signed", "OIDC Core §3.1.3.3 id-token", "OIDC Core §12.2 iss-sub")
@pytest.mark.parametrize(
    ("algorithm", "subject_type"), [("ES256", "public"), ("RS256", "public"), ("EdDSA", "pairwise")]
)
def test_oauth4webapi_signs_a_person_in(
    site: Site, person_approves: Callable[[str], str], algorithm: str, subject_type: str
) -> None:
    app = add_login_app(site, algorithm, subject_type)

    done = converse("oauth4webapi-login", given(site, app, algorithm), lambda said: person_approves(said["authorize"]))

    assert done["claims"]["aud"] in (app.client_id, [app.client_id])
    assert done["told"]["sub"] == done["claims"]["sub"]
    assert (done["told"]["sub"] == site.ana.id) == (subject_type == "public")
    assert done["told"]["email"] == site.ana.email


@pytest.mark.interop("oauth4webapi", "signed UserInfo")
@pytest.mark.shows("OpenID Connect Core §5.3.2 signed")
@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_oauth4webapi_checks_signed_user_info(
    site: Site, person_approves: Callable[[str], str], algorithm: str
) -> None:
    app = add_login_app(site, "RS256", "pairwise", userinfo_signed_response_alg=algorithm)
    asked = {**given(site, app, "RS256"), "userinfo_algorithm": algorithm}

    done = converse("oauth4webapi-login", asked, lambda said: person_approves(said["authorize"]))

    assert (done["told"]["email"], done["told"]["aud"]) == (site.ana.email, app.client_id)


@pytest.mark.interop("openid-client", "whole login", "signed UserInfo", "RP-initiated logout")
@pytest.mark.shows("OpenID Connect RP-Initiated Logout §3 state", "OpenID Connect RP-Initiated Logout §3 after")
@pytest.mark.parametrize(
    ("algorithm", "subject_type", "user_info"),
    [("ES256", "public", None), ("RS256", "pairwise", "RS256"), ("EdDSA", "public", "ES256")],
)
def test_openid_client_signs_a_person_in_and_out(
    site: Site, algorithm: str, subject_type: str, user_info: str | None
) -> None:
    app = add_login_app(site, algorithm, subject_type, userinfo_signed_response_alg=user_info)
    asked = {**given(site, app, algorithm), "userinfo_algorithm": user_info}
    with UserAgent(site) as agent:

        def answer(said: dict[str, str]) -> str:
            if "authorize" in said:
                back = agent.answer(agent.sign_in(site.ana, said["authorize"]))
            else:
                back = agent.get(said["logout"])
            location: str = back.headers["location"]
            return location

        done = converse("openid-client-logout", asked, answer)

        back = urlsplit(done["back"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == AFTERWARDS
        assert dict(parse_qsl(back.query))["state"] == "back again"
        assert agent.get("/settings/connections").request.url.path == "/sign-in"
    assert (done["sub"] == site.ana.id) == (subject_type == "public")
    assert (done["told"]["sub"], done["told"]["email"]) == (done["sub"], site.ana.email)
