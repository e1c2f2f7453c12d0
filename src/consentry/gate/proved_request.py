"""What a DPoP proof must be of: the request as the client sent it, put together from what the server was handed.

Only for calls that bring a proof; all others pay nothing for this.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple
from urllib.parse import quote

from consentry.caller_address import is_trusted
from consentry.oauth.protected_resource import ProtectedResource
from consentry.oauth.uri import Uri

# RFC 3986 §3.3: what a path may hold as it is.
_PATH = "/:@!$&'()*+,;=~"


class ProvedRequest(NamedTuple):
    """The DPoP headers that came, and the method and the address of the request; None where the address is unknown."""

    proofs: Sequence[str]
    method: str
    url: str | None


Source = MutableMapping[str, Any] | ProvedRequest
"""An ASGI connection scope, a WSGI environment, or a request that was put together already."""


def proved_request(
    source: Source, trusted_proxies: Sequence[IPv4Network | IPv6Network], resource: ProtectedResource | None
) -> ProvedRequest:
    """Return the request.

    Its origin is that of the guarded API where it has a web address: then a proof for another host, sent here with that
    host's name, is worth nothing. Otherwise it is what the request says, or what a trusted proxy says of it.
    """
    if isinstance(source, ProvedRequest):
        return source
    proofs, method, path, said = _of_environ(source) if "REQUEST_METHOD" in source else _of_scope(source)
    origin = _origin_of(resource) or _origin_said(said, trusted_proxies)
    return ProvedRequest(proofs, method, None if origin is None else origin + path)


def origin_of(
    schemes: Sequence[str],
    hosts: Sequence[str],
    peer: str,
    trusted_proxies: Sequence[IPv4Network | IPv6Network],
    resource: ProtectedResource | None,
) -> str | None:
    """Return the origin of a call that a gateway asks about: that of the API, or what a trusted gateway says it is.

    `schemes` and `hosts` are the values of `X-Forwarded-Proto` and `X-Forwarded-Host`. None where nobody tells.
    """
    scheme, host = _only(schemes), _only(hosts)
    if scheme is None or host is None:
        return _origin_of(resource)
    return _origin_of(resource) or _origin_said(_Said(peer, "", None, scheme, host), trusted_proxies)


class _Said(NamedTuple):
    peer: str
    scheme: str
    host: str | None
    forwarded_scheme: str | None
    forwarded_host: str | None


def _of_scope(scope: Mapping[str, Any]) -> tuple[Sequence[str], str, str, _Said]:
    headers: dict[bytes, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value.decode("latin-1"))
    raw = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("latin-1") if raw else quote(scope["path"], safe=_PATH)
    client, scheme = scope.get("client"), scope.get("scheme", "http")
    said = _Said(
        client[0] if client else "",
        # A web socket is opened by a request of HTTP: RFC 6455 §4.1.
        {"ws": "http", "wss": "https"}.get(scheme, scheme),
        _only(headers.get(b"host")),
        _only(headers.get(b"x-forwarded-proto")),
        _only(headers.get(b"x-forwarded-host")),
    )
    return headers.get(b"dpop", []), scope.get("method", "GET"), path, said


def _of_environ(environ: Mapping[str, Any]) -> tuple[Sequence[str], str, str, _Said]:
    proof = environ.get("HTTP_DPOP")
    # PEP 3333 hands the path on decoded; servers that also hand it on as it was sent do so under one of these names.
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        path = Uri.parse(raw).path
    else:
        decoded = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        path = quote(decoded.encode("latin-1"), safe=_PATH)
    said = _Said(
        environ.get("REMOTE_ADDR") or "",
        environ.get("wsgi.url_scheme", "http"),
        environ.get("HTTP_HOST"),
        environ.get("HTTP_X_FORWARDED_PROTO"),
        environ.get("HTTP_X_FORWARDED_HOST"),
    )
    return () if proof is None else (proof,), environ["REQUEST_METHOD"], path, said


def _origin_of(resource: ProtectedResource | None) -> str | None:
    if resource is None or not resource.has_metadata:
        return None
    uri = Uri.parse(resource.identifier)
    return f"{uri.scheme}://{uri.host}" + ("" if uri.port is None else f":{uri.port}")


def _origin_said(said: _Said, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> str | None:
    scheme, host = said.scheme, said.host
    if trusted_proxies and is_trusted(said.peer, trusted_proxies):
        scheme, host = said.forwarded_scheme or scheme, said.forwarded_host or host
    return None if host is None else f"{scheme}://{host}"


def _only(values: Sequence[str] | None) -> str | None:
    return values[0] if values is not None and len(values) == 1 else None
