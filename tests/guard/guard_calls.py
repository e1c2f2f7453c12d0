"""Calling a product as a server would, without one."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, TypeAlias
from wsgiref.util import setup_testing_defaults

import httpx
from starlette.types import ASGIApp

API = "https://api.books.test"
ADDRESS = "203.0.113.7"
METHODS = {"/closed": "GET", "/invoices": "GET", "/payments": "PUT", "/mailings": "POST"}

WSGIApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """An answer, as far as a caller relies on it. `raw` is a refusal's body; another body is the product's own."""

    status: int
    challenge: str | None
    caching: str | None
    body: Any
    raw: bytes
    retry_after: str | None


async def call(
    product: ASGIApp | WSGIApp,
    path: str = "/invoices",
    *,
    headers: Headers = (),
    query: str = "",
    address: str = ADDRESS,
) -> Told:
    """Call a product from `address`; "unknown" is no address at all, as behind a local socket."""
    send = _call_asgi if _is_asgi(product) else _call_wsgi
    status, received, content = await send(product, METHODS[path], path, query, headers, address)
    is_json = received.get("content-type", "").startswith("application/json")
    return Told(
        status,
        received.get("www-authenticate"),
        received.get("cache-control"),
        json.loads(content) if is_json else content.decode(),
        b"" if status == 200 else content,
        received.get("retry-after"),
    )


def _is_asgi(product: Any) -> bool:
    return iscoroutinefunction(product) or iscoroutinefunction(type(product).__call__)


async def _call_asgi(
    product: Any, method: str, path: str, query: str, headers: Headers, address: str
) -> tuple[int, Mapping[str, str], bytes]:
    transport = httpx.ASGITransport(product, client=(address, 40000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=API) as client:
        answer = await client.request(method, f"{path}{query}", headers=list(headers))
    return answer.status_code, answer.headers, answer.content


async def _call_wsgi(
    product: Any, method: str, path: str, query: str, headers: Headers, address: str
) -> tuple[int, Mapping[str, str], bytes]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query.removeprefix("?"),
        "REMOTE_ADDR": "" if address == "unknown" else address,
        "HTTP_HOST": "api.books.test",
        "wsgi.input": io.BytesIO(),
        "CONTENT_LENGTH": "0",
    }
    setup_testing_defaults(environ)
    for name, value in headers:
        # The servers join a repeated header: RFC 9110 §5.3.
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    started: list[Any] = []
    content = b"".join(product(environ, lambda *answer: started.append(answer)))
    [(status, received, *_)] = started
    return int(status.split(" ")[0]), {name.lower(): value for name, value in received}, content
