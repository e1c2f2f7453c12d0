"""The web app's side of OAuth: the authorization URL, the token endpoint, and calls with a bearer token.

Plain HTTP, as any outsider would write it. RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 7009.
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from consentry.clock import SystemClock
from consentry.demo.api_failure import Failure, failure_of, unreachable


@dataclass(frozen=True, slots=True)
class WebAppConfig:
    """What the app was given when it was registered, and where it and the others live."""

    issuer: str
    api_url: str
    client_id: str
    client_secret: str
    own_url: str
    scopes: tuple[str, ...]

    @property
    def redirect_uri(self) -> str:
        """Where users come back to, exactly as registered."""
        return f"{self.own_url.rstrip('/')}/callback"


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """What the app remembers of a user that it sent away, until that user comes back."""

    state: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """The answer of the token endpoint."""

    access_token: str
    refresh_token: str | None
    scope: str
    expires_at: datetime

    @property
    def scopes(self) -> list[str]:
        """The scopes that the user approved."""
        return self.scope.split()


def begin_connection(config: WebAppConfig) -> tuple[PendingConnection, str]:
    """Return what to remember, and the address to send the user to."""
    pending = PendingConnection(state=secrets.token_urlsafe(24), code_verifier=secrets.token_urlsafe(48))
    challenge = urlsafe_b64encode(sha256(pending.code_verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    query = {
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": config.redirect_uri,
        "scope": " ".join(config.scopes),
        "state": pending.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return pending, f"{config.issuer.rstrip('/')}/oauth/authorize?{urlencode(query)}"


async def exchange_code(
    http: httpx.AsyncClient, config: WebAppConfig, code: str, pending: PendingConnection
) -> Tokens | Failure:
    """Turn a code into tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": config.redirect_uri,
        "code_verifier": pending.code_verifier,
    }
    return await _token_request(http, config, "exchanging the code", form)


async def refresh(http: httpx.AsyncClient, config: WebAppConfig, tokens: Tokens) -> Tokens | Failure:
    """Get a new access token; where the answer has no new refresh token, the old one stays in use."""
    if tokens.refresh_token is None:
        return Failure("refreshing the token", None, "We were given no refresh token.")
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return await _token_request(http, config, "refreshing the token", form, before=tokens)


async def revoke(http: httpx.AsyncClient, config: WebAppConfig, tokens: Tokens) -> Failure | None:
    """Tell the server that we need the tokens no more. None when it was done."""
    what = "revoking the token"
    form = {"token": tokens.refresh_token or tokens.access_token}
    try:
        answer = await http.post(
            f"{config.issuer.rstrip('/')}/oauth/revoke", data=form, auth=_client_authentication(config)
        )
    except httpx.HTTPError as fault:
        return unreachable(what, fault)
    return None if answer.is_success else failure_of(what, answer)


async def list_from_api(
    http: httpx.AsyncClient, config: WebAppConfig, tokens: Tokens, name: str
) -> list[dict[str, Any]] | Failure:
    """Return what the product's API lists under `name` (`invoices`, `contacts`), or why there is nothing."""
    what = f"GET /{name}"
    try:
        answer = await http.get(
            f"{config.api_url.rstrip('/')}/{name}", headers={"Authorization": f"Bearer {tokens.access_token}"}
        )
        if not answer.is_success:
            return failure_of(what, answer)
        rows: list[dict[str, Any]] = answer.json()[name]
    except httpx.HTTPError as fault:
        return unreachable(what, fault)
    except (ValueError, KeyError, TypeError):
        return Failure(what, answer.status_code, "The answer is not what the API's documentation says.")
    return rows


async def _token_request(
    http: httpx.AsyncClient, config: WebAppConfig, what: str, form: dict[str, str], before: Tokens | None = None
) -> Tokens | Failure:
    asked_at = SystemClock().now()
    try:
        answer = await http.post(
            f"{config.issuer.rstrip('/')}/oauth/token", data=form, auth=_client_authentication(config)
        )
        if not answer.is_success:
            return failure_of(what, answer)
        body = answer.json()
        return Tokens(
            access_token=body["access_token"],
            refresh_token=body.get("refresh_token") or (before.refresh_token if before else None),
            scope=body.get("scope") or (before.scope if before else " ".join(config.scopes)),
            expires_at=asked_at + timedelta(seconds=int(body.get("expires_in", 3600))),
        )
    except httpx.HTTPError as fault:
        return unreachable(what, fault)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Failure(what, answer.status_code, "The answer has no access token.")


def _client_authentication(config: WebAppConfig) -> httpx.BasicAuth:
    # RFC 6749 §2.3.1: both are form-encoded before they go into the Basic scheme.
    return httpx.BasicAuth(quote_plus(config.client_id), quote_plus(config.client_secret))
