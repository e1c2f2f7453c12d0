"""Authlib's relying party signs people in and out: discovery, code, ID token, UserInfo, all by the library."""

from typing import Any

import httpx
import pytest
from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from live_server import RegisteredClient, Site
from user_agent import UserAgent, form_to

pytestmark = pytest.mark.clients

BASE = "http://127.0.0.1"
CALLBACK = f"{BASE}/callback"
AFTERWARDS = f"{BASE}/signed-out"


def relying_party(site: Site, app: RegisteredClient, mode: str) -> Starlette:
    """Return a product that knows of the server what its address is, and no more."""
    oauth = OAuth()
    oauth.register(
        "consentry",
        client_id=app.client_id,
        client_secret=app.secret,
        server_metadata_url=f"{site.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )

    hints: list[str] = []

    async def login(request: Request) -> Response:
        asked = {"max_age": 3600, "response_mode": mode}
        redirect: Response = await oauth.consentry.authorize_redirect(request, CALLBACK, **asked)
        return redirect

    async def callback(request: Request) -> Response:
        token: dict[str, Any] = await oauth.consentry.authorize_access_token(request)
        told = await oauth.consentry.userinfo(token=token)
        hints.append(token["id_token"])
        return JSONResponse({"claims": token["userinfo"], "told": told})

    async def logout(request: Request) -> Response:
        redirect: Response = await oauth.consentry.logout_redirect(request, AFTERWARDS, id_token_hint=hints[-1])
        return redirect

    async def signed_out(request: Request) -> Response:
        return JSONResponse(await oauth.consentry.validate_logout_response(request))

    return Starlette(
        routes=[
            Route("/login", login),
            Route("/callback", callback, methods=["GET", "POST"]),
            Route("/logout", logout),
            Route("/signed-out", signed_out),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key="of the relying party")],
    )


@pytest.mark.interop("Authlib", "discovery", "whole login", "response_mode=form_post", "RP-initiated logout")
@pytest.mark.shows("OpenID Connect Core §3.1.3.3 id-token", "OpenID Connect Core §2 nonce")
@pytest.mark.parametrize(
    ("algorithm", "mode", "subject_type"),
    [("ES256", "query", "public"), ("RS256", "form_post", "public"), ("EdDSA", "query", "pairwise")],
)
# The library under it warns of the name of the algorithm (RFC 9864), which OpenID Connect clients go by.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_authlib_signs_a_person_in_and_out(site: Site, algorithm: str, mode: str, subject_type: str) -> None:
    app = site.add_app(
        redirect_uris=(CALLBACK,),
        required=("openid", "profile", "email"),
        optional=(),
        metadata={
            "id_token_signed_response_alg": algorithm,
            "subject_type": subject_type,
            "post_logout_redirect_uris": [AFTERWARDS],
        },
    )
    transport = httpx.ASGITransport(relying_party(site, app, mode))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
        with UserAgent(site) as agent:
            away = await browser.get("/login")
            back = agent.answer(agent.sign_in(site.ana, away.headers["location"]))
            if mode == "form_post":
                answer = await browser.post("/callback", data=dict(form_to(back.text, CALLBACK).fields))
            else:
                answer = await browser.get(back.headers["location"])
            out = agent.get((await browser.get("/logout")).headers["location"])
            after = await browser.get(out.headers["location"])
            assert agent.get("/settings/connections").request.url.path == "/sign-in"

    signed_in = answer.json()
    assert signed_in["claims"]["sub"] == signed_in["told"]["sub"]
    assert (signed_in["claims"]["sub"] == site.ana.id) == (subject_type == "public")
    assert signed_in["claims"]["aud"] in (app.client_id, [app.client_id])
    assert signed_in["claims"]["nonce"]
    assert signed_in["told"]["email"] == site.ana.email
    assert signed_in["told"]["name"] == "Ana Oliveira"
    assert after.json() == {"post_logout_redirect_uri": AFTERWARDS}
