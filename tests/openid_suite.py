"""What the OpenID Foundation's suite does with a server: a browser that a script drives, and a client that checks."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urljoin

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from conformance_server import ConformanceServer, KnownClient
from user_agent import form_to, forms_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(slots=True)
class Walk:
    """Where an authorization request led: the pages on the way, and what came back or what was shown at the end."""

    pages: list[str] = field(default_factory=list)
    answer: dict[str, str] = field(default_factory=dict)
    came_back_to: str | None = None
    location: str | None = None
    end: httpx.Response | None = None


class Browser:
    """The suite's browser: it keeps cookies, signs in where asked, and approves where asked, or declines."""

    def __init__(self, server: ConformanceServer, *, decision: str = "approve", email: str | None = None) -> None:
        self.server = server
        self.http = server.http()
        self._decision = decision
        self._email: str = email or server.person["email"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def go(self, url: str, post: dict[str, str] | None = None) -> Walk:
        """Open an address, or send a form to it from another site, and go on until the app's address or a dead end."""
        return self._follow(
            self.http.get(url) if post is None else self.http.post(url, content=urlencode(post), headers=FORM)
        )

    def press(self, page: httpx.Response, action: str) -> Walk:
        """Press the button of a form, and go on."""
        return self._follow(self._send(page, action))

    def _follow(self, answer: httpx.Response) -> Walk:
        walk = Walk()
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.request.url), answer.headers["location"])
                if not target.startswith(f"{self.server.issuer}/"):
                    came_back_to, _, query = target.partition("?")
                    walk.came_back_to, walk.location = came_back_to, target
                    walk.answer = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
                    return walk
                answer = self.http.get(target)
                continue
            actions = {form.action for form in forms_of(answer.text)} if answer.status_code == httpx.codes.OK else set()
            if "/sign-in" in actions:
                walk.pages.append("sign-in")
                password: str = self.server.person["password"]
                answer = self._send(answer, "/sign-in", email=self._email, password=password)
            elif "/consent" in actions:
                walk.pages.append("consent")
                answer = self._send(answer, "/consent", decision=self._decision)
            else:
                walk.end = answer
                return walk
        raise AssertionError(f"no end: {walk.pages}")

    def _send(self, page: httpx.Response, action: str, **values: str) -> httpx.Response:
        form = form_to(page.text, action)
        return self.http.post(
            action, content=urlencode(form.filled(**values)), headers=FORM | {"Origin": self.server.issuer}
        )


class Suite:
    """The client side of the suite: what it asks, and what it makes of the answers."""

    def __init__(self, server: ConformanceServer) -> None:
        self.server = server
        with server.http() as http:
            self.metadata: dict[str, Any] = http.get("/.well-known/openid-configuration").raise_for_status().json()
            self.keys = KeySet.import_key_set(http.get(self.metadata["jwks_uri"]).raise_for_status().json())

    def request(self, client: KnownClient, **changes: str | None) -> dict[str, str]:
        """The suite's authorization request, with these parameters changed; None leaves one out."""
        parameters: dict[str, str | None] = {
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "scope": "openid",
            "state": secrets.token_urlsafe(10),
            "nonce": secrets.token_urlsafe(10),
            "response_type": "code",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, browser: Browser, client: KnownClient, **changes: str | None) -> tuple[Walk, dict[str, str]]:
        """Send the browser with the request; return where it led, and the request."""
        asked = self.request(client, **changes)
        walk = browser.go(f"{self.metadata['authorization_endpoint']}?{urlencode(asked)}")
        if walk.answer:
            assert walk.answer.get("state") == asked.get("state")
            assert walk.answer["iss"] == self.server.issuer
        return walk, asked

    def token(self, client: KnownClient, *, in_body: bool = False, **form: str) -> httpx.Response:
        """Ask the token endpoint, authenticated by HTTP Basic or in the body."""
        with self.server.http() as http:
            if in_body:
                form |= {"client_id": client.client_id, "client_secret": client.client_secret}
                return http.post(self.metadata["token_endpoint"], data=form)
            auth = (client.client_id, client.client_secret)
            return http.post(self.metadata["token_endpoint"], data=form, auth=auth)

    def redeem(self, client: KnownClient, code: str, *, in_body: bool = False, **more: str) -> httpx.Response:
        """Exchange a code."""
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, **more}
        return self.token(client, in_body=in_body, **grant)

    def sign_in(
        self, browser: Browser, client: KnownClient, **changes: str | None
    ) -> tuple[Walk, dict[str, Any], dict[str, Any]]:
        """Go the whole way; return the pages, the token answer and the checked claims of the ID token."""
        walk, asked = self.authorize(browser, client, **changes)
        assert "code" in walk.answer, walk.answer or walk.end
        answer = self.redeem(client, walk.answer["code"])
        assert answer.status_code == httpx.codes.OK, answer.text
        tokens = answer.json()
        return walk, tokens, self.claims_of(tokens, client, asked.get("nonce"))

    def claims_of(self, tokens: dict[str, Any], client: KnownClient, nonce: str | None) -> dict[str, Any]:
        """Check the ID token of a sign-in as the suite does, and return its claims."""
        claims = self.checked(tokens, client)
        assert claims.get("nonce") == nonce
        return claims

    def checked(self, tokens: dict[str, Any], client: KnownClient) -> dict[str, Any]:
        """Check what holds of every ID token, and return its claims. *Source:* OpenID Connect Core 1.0 §3.1.3.7."""
        token = jwt.decode(tokens["id_token"], self.keys, algorithms=["RS256"])
        claims: dict[str, Any] = token.claims
        assert token.header["kid"]
        assert claims["iss"] == self.server.issuer
        assert claims["aud"] in (client.client_id, [client.client_id])
        assert claims.get("azp", client.client_id) == client.client_id
        assert claims["iat"] <= claims["exp"]
        assert 0 < len(claims["sub"]) <= 255
        if "at_hash" in claims:
            half = sha256(tokens["access_token"].encode()).digest()[:16]
            assert claims["at_hash"] == urlsafe_b64encode(half).rstrip(b"=").decode()
        return claims

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """Ask UserInfo by GET."""
        with self.server.http() as http:
            headers = {"Authorization": f"Bearer {access_token}"}
            claims: dict[str, Any] = (
                http.get(self.metadata["userinfo_endpoint"], headers=headers).raise_for_status().json()
            )
        return claims
