"""What the OpenID Foundation's suite does with a server of FAPI 2.0: clients that push, sign and prove.

They are those of examples/conformance, whose keys are in the configuration that the suite is given.
"""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from client_keys import ClientKey
from conformance_server import ConformanceServer
from openid_suite import Browser, Walk

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-x"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

Fields = Mapping[str, str | None]


def thumbprint(key: ClientKey) -> str:
    """Return the `jkt` of a key."""
    print_: str = key.key.thumbprint()
    return print_


@dataclass(slots=True)
class Fapi2Client:
    """A client that knows its keys: one that it authenticates with, and one that its tokens are bound to."""

    server: ConformanceServer
    metadata: dict[str, Any]
    client_id: str
    scope: str
    redirect_uri: str
    key: ClientKey
    dpop_key: ClientKey = field(default_factory=lambda: ClientKey("ES256"))

    @classmethod
    def both(cls, server: ConformanceServer) -> tuple[Self, Self]:
        """Return the two clients that the server knows."""
        told = json.loads((server.folder / "fapi2.json").read_text("utf-8"))
        with server.http() as http:
            metadata = http.get(told["server"]["discoveryUrl"]).raise_for_status().json()
        first, second = (
            cls(
                server,
                metadata,
                told[name]["client_id"],
                told[name]["scope"],
                known.redirect_uri.replace("/a/consentry/", "/a/consentry-fapi2/"),
                _key(told[name]["jwks"]["keys"][0]),
            )
            for name, known in zip(("client", "client2"), server.clients, strict=True)
        )
        return first, second

    def asserts(self, *, key: ClientKey | None = None, typ: str | None = None, **changes: Any) -> dict[str, str]:
        """Return the fields of a client assertion; a change of None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.server.issuer,
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": now + 60,
            **changes,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        return {
            "client_assertion": (key or self.key).sign(present, typ=typ),
            "client_assertion_type": ASSERTION_TYPE,
        }

    def proves(
        self,
        url: str,
        method: str = "POST",
        *,
        key: ClientKey | None = None,
        header: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Return a DPoP proof; a change of None leaves a claim out."""
        own = key or self.dpop_key
        claims = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": int(time.time()), **changes}
        present = {name: value for name, value in claims.items() if value is not None}
        return own.sign(present, **{"typ": "dpop+jwt", "jwk": own.public, **(header or {})})

    def asks(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; a change of None leaves one out."""
        asked: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": secrets.token_urlsafe(10),
            "nonce": secrets.token_urlsafe(10),
            "response_type": "code",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def push(
        self, asked: Fields | None = None, *, auth: Fields | None = None, proofs: Sequence[str] = ()
    ) -> httpx.Response:
        """Push a request."""
        url = self.metadata["pushed_authorization_request_endpoint"]
        return self._post(url, self.asks() if asked is None else asked, auth, proofs)

    def pushed(self, asked: Fields | None = None, *, proofs: Sequence[str] = ()) -> str:
        """Push a request that is taken, and return its request_uri."""
        answer = self.push(asked, proofs=proofs)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        request_uri: str = answer.json()["request_uri"]
        return request_uri

    def authorize(self, browser: Browser, request_uri: str, **beside: str) -> Walk:
        """Send the browser with the request_uri, and with parameters beside it that the server is not to look at."""
        sent = {"client_id": self.client_id, "request_uri": request_uri, **beside}
        return browser.go(f"{self.metadata['authorization_endpoint']}?{urlencode(sent)}")

    def approved(self, browser: Browser, asked: Fields | None = None, *, proofs: Sequence[str] = ()) -> str:
        """Return the code of a request that was approved."""
        walk = self.authorize(browser, self.pushed(asked, proofs=proofs))
        assert "code" in walk.answer, walk.answer or (walk.end and walk.end.text)
        assert walk.answer["iss"] == self.server.issuer
        return walk.answer["code"]

    def redeem(
        self, code: str, *, auth: Fields | None = None, proofs: Sequence[str] | None = None, **changes: str | None
    ) -> httpx.Response:
        """Exchange a code."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.token(fields, auth=auth, proofs=proofs)

    def token(
        self, fields: Fields, *, auth: Fields | None = None, proofs: Sequence[str] | None = None
    ) -> httpx.Response:
        """Ask the token endpoint, with a proof where nothing else is said."""
        url = self.metadata["token_endpoint"]
        return self._post(url, fields, auth, (self.proves(url),) if proofs is None else proofs)

    def connected(self, browser: Browser, **changes: str | None) -> dict[str, Any]:
        """Go the whole way, and return the token answer."""
        answer = self.redeem(self.approved(browser, self.asks(**changes)))
        assert answer.status_code == httpx.codes.OK, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def call(
        self, access_token: str, *proofs: str, scheme: str = "DPoP", query: str = "", **headers: str
    ) -> httpx.Response:
        """Call UserInfo, with these proofs or a right one."""
        url = self.metadata["userinfo_endpoint"]
        sent = [("authorization", f"{scheme} {access_token}"), *headers.items()]
        sent += [("dpop", one) for one in proofs or (self.proof_of_call(access_token),)]
        with self.server.http() as http:
            return http.get(url + query, headers=sent)

    def proof_of_call(self, access_token: str, **changes: Any) -> str:
        """Return a proof of a call of UserInfo with this access token."""
        ath = urlsafe_b64encode(sha256(access_token.encode()).digest()).rstrip(b"=").decode()
        return self.proves(self.metadata["userinfo_endpoint"], "GET", **{"ath": ath, **changes})

    def claims_of(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Check the ID token, and return its claims."""
        with self.server.http() as http:
            keys = KeySet.import_key_set(http.get(self.metadata["jwks_uri"]).raise_for_status().json())
        token = jwt.decode(tokens["id_token"], keys, algorithms=["ES256", "PS256", "EdDSA"])
        claims: dict[str, Any] = token.claims
        assert (claims["iss"], claims["aud"]) == (self.server.issuer, self.client_id)
        return claims

    def _post(self, url: str, fields: Fields, auth: Fields | None, proofs: Sequence[str]) -> httpx.Response:
        sent = {**fields, **(self.asserts() if auth is None else auth)}
        with self.server.http() as http:
            return http.post(
                url,
                data={name: value for name, value in sent.items() if value is not None},
                headers=[("dpop", one) for one in proofs],
            )


def _key(jwk: dict[str, Any]) -> ClientKey:
    return ClientKey("ES256", jwk["kid"], ECKey.import_key(jwk))
