"""What keeps a browser on our side: headers, cookies, form tokens, and where `next` may lead."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "consentry"
PRE_SESSION_COOKIE = "consentry-before"

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action {}; frame-ancestors 'none'; base-uri 'none'"
)
_DEFAULT_POLICY = _POLICY.format("'self'")
_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
)
_UNLESS_SET: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _DEFAULT_POLICY.encode()),
    (b"cache-control", b"no-store"),
)
_OPENER = b"cross-origin-opener-policy"
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
# Apps open these in a pop-up and wait for it to come back to them. A stricter opener policy would cut the
# pop-up off from the app for good, also after it has returned to the app's own origin.
_FLOW_PATHS = frozenset({"/oauth/authorize", "/sign-in", "/consent", "/oauth/logout", "/oauth/logout/confirm"})


class BrowserSafety:
    """ASGI middleware around the whole application, so that error responses carry the headers too.

    CSP and Cache-Control are set unless the response chose its own (`allow_form_target`, static files);
    the rest always. A `Server` header is taken off. *Source:* RFC 9700 §4.16, §4.2.4; RFC 6797.
    """

    def __init__(self, app: ASGIApp, *, issuer: str) -> None:
        self._app = app
        always = (*_ALWAYS, _TRANSPORT) if is_https(issuer) else _ALWAYS
        self._for_flow = [*always, (_OPENER, b"unsafe-none")]
        self._for_others = [*always, (_OPENER, b"same-origin")]
        self._replaced = frozenset(name for name, _ in self._for_others) | {b"server"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self.protected(path, message.get("headers", ()))}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def protected(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer for `path` with ours in place."""
        added = self._for_flow if path in _FLOW_PATHS else self._for_others
        kept = [pair for pair in headers if pair[0].lower() not in self._replaced]
        chosen = {name.lower() for name, _ in kept}
        return [*kept, *added, *(pair for pair in _UNLESS_SET if pair[0] not in chosen)]


def is_https(issuer: str) -> bool:
    """Tell whether Consentry is reached over https; if not, it is a loopback trial."""
    return issuer.startswith("https://")


def allow_form_target(response: Response, redirect_uri: str) -> None:
    """Let a form of this page end, after redirects, at the registered `redirect_uri` of an app.

    Browsers hold `form-action` against every hop of the redirects that follow a form (CS-05), also
    those that the app makes after its own callback. So the target's origin is let through and, for its
    further hops, https; or the target's private scheme. `redirect_uri` must be the one that was
    checked, never raw input.
    """
    target = urlsplit(redirect_uri)
    sources = ["'self'"]
    if target.scheme == "http" and target.hostname is not None and ":" not in target.hostname:
        sources += [f"http://{target.netloc}", "https:"]
    elif target.scheme == "http":
        # The grammar of CSP sources has no IPv6 addresses; http: is as near as one can come to http://[::1].
        sources += ["http:", "https:"]
    elif re.fullmatch(r"[a-z][a-z0-9+.-]*", target.scheme):
        sources.append(f"{target.scheme}:")
    response.headers["content-security-policy"] = _POLICY.format(" ".join(sources))


class CrossSiteRequestError(Exception):
    """A form came from another site, or its token is not of this session. Nothing may be done; answer 403."""


def csrf_token(session_secret: str, purpose: str = "form") -> str:
    """Return the token that a form of this session carries in its field `csrf`."""
    return hmac.new(session_secret.encode(), f"csrf:{purpose}".encode(), sha256).hexdigest()


def check_csrf(
    headers: Headers, given: str | None, *, session_secret: str | None, issuer: str, purpose: str = "form"
) -> None:
    """Raise CrossSiteRequestError unless the form is one of ours (CS-01, CS-02).

    `session_secret` is that of the session, or, for the sign-in form, the value of the pre-session
    cookie. A browser that tells where the request comes from (`Sec-Fetch-Site`) must name us or the
    person's own hand. `Origin` must be ours; `null` says nothing, since our own `Referrer-Policy:
    no-referrer` makes browsers send it.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSiteRequestError("The form was sent from another site.")
    origin = headers.get("origin", "null")
    if origin not in {"null", origin_of(issuer)}:
        raise CrossSiteRequestError("The form was sent from another origin.")
    if not session_secret or not given:
        raise CrossSiteRequestError("The form carries no token, or there is no session.")
    if not hmac.compare_digest(csrf_token(session_secret, purpose).encode(), given.encode("utf-8", "replace")):
        raise CrossSiteRequestError("The form's token is not of this session.")


def origin_of(url: str) -> str:
    """Return scheme, host and port of `url`, as browsers write an origin (RFC 6454 §6.2)."""
    parts = urlsplit(url)
    default_port = {"https": 443, "http": 80}.get(parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, default_port} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def cookie_name(base: str, *, issuer: str) -> str:
    """Return the cookie's name: `__Host-` over https, so that no sibling domain can set it (CS-15)."""
    return f"__Host-{base}" if is_https(issuer) else base


def read_cookie(request: Request, base: str, *, issuer: str) -> str | None:
    """Return the cookie's value, or None."""
    return request.cookies.get(cookie_name(base, issuer=issuer)) or None


def set_cookie(response: Response, base: str, value: str, *, issuer: str, max_age: timedelta | None = None) -> None:
    """Set a cookie for the whole origin: HttpOnly, SameSite=Lax, Secure over https.

    Without `max_age` it ends with the browser.
    """
    response.set_cookie(
        cookie_name(base, issuer=issuer),
        value,
        max_age=None if max_age is None else int(max_age.total_seconds()),
        path="/",
        secure=is_https(issuer),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, base: str, *, issuer: str) -> None:
    """Take the cookie back, with the attributes that it was set with."""
    response.delete_cookie(
        cookie_name(base, issuer=issuer), path="/", secure=is_https(issuer), httponly=True, samesite="lax"
    )


DEFAULT_NEXT = "/settings/connections"
_NEXT = re.compile(
    r"/(?:oauth/authorize\?|consent(?:[?/]|\Z)|device(?:/consent)?(?:\?|\Z)|settings(?:[?/]|\Z))[\x21-\x7e]*"
)


def safe_next(url: str | None) -> str:
    r"""Return `url` if a sign-in may lead there, else `/settings/connections` (CS-14).

    ASCII without spaces or `\`, and no `//` or dot segments in the path, so that no parser can see a
    host in it.
    """
    if not url or "\\" in url or not _NEXT.fullmatch(url):
        return DEFAULT_NEXT
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    if "//" in path or any(
        segment in {".", ".."} for segment in re.sub("%2e", ".", path, flags=re.IGNORECASE).split("/")
    ):
        return DEFAULT_NEXT
    return url
