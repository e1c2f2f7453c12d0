"""Authlib's relying party signs people in: discovery, code, ID token, UserInfo, all by the library."""

from collections.abc import Callable
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

pytestmark = pytest.mark.clients

BASE = "http://127.0.0.1"
CALLBACK = f"{BASE}/callback"


def relying_party(site: Site, app: RegisteredClient) -> Starlette:
    """Return a product that knows of the server what its address is, and no more."""
    oauth = OAuth()
    oauth.register(
        "consentry",
        client_id=app.client_id,
        client_secret=app.secret,
        server_metadata_url=f"{site.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )

    async def login(request: Request) -> Response:
        redirect: Response = await oauth.consentry.authorize_redirect(request, CALLBACK, max_age=3600)
        return redirect

    async def callback(request: Request) -> Response:
        token: dict[str, Any] = await oauth.consentry.authorize_access_token(request)
        told = await oauth.consentry.userinfo(token=token)
        return JSONResponse({"claims": token["userinfo"], "told": told})

    return Starlette(
        routes=[Route("/login", login), Route("/callback", callback)],
        middleware=[Middleware(SessionMiddleware, secret_key="of the relying party")],
    )


@pytest.mark.interop("Authlib", "OpenID Connect login", "ID token signature", "UserInfo")
@pytest.mark.shows("OpenID Connect Core §3.1.3.3 id-token", "OpenID Connect Core §2 nonce")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_authlib_signs_a_person_in(site: Site, person_approves: Callable[[str], str], algorithm: str) -> None:
    app = site.add_app(
        redirect_uris=(CALLBACK,),
        required=("openid", "profile", "email"),
        optional=(),
        metadata={"id_token_signed_response_alg": algorithm},
    )
    transport = httpx.ASGITransport(relying_party(site, app))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
        away = await browser.get("/login")
        back = person_approves(away.headers["location"])

        signed_in = (await browser.get(back)).json()

    assert signed_in["claims"]["sub"] == signed_in["told"]["sub"] == site.ana.id
    assert signed_in["claims"]["aud"] in (app.client_id, [app.client_id])
    assert signed_in["claims"]["nonce"]
    assert signed_in["told"]["email"] == site.ana.email
    assert signed_in["told"]["name"] == "Ana Oliveira"
