"""The one way out: https to public addresses only, with nothing to gain for whoever chose the address.

The name is resolved here, every address that it has must be public, and the one that was checked is the one that is
dialled, so that a second resolution cannot lead elsewhere. No redirects, no proxies, no cookies, no compression; size
and time are bounded (threats SS-01 to SS-09; draft-ietf-oauth-client-id-metadata-document §6).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from consentry.oauth.uri import Uri
from consentry.ports.outbound import FetchedDocument, OutboundError

if TYPE_CHECKING:
    import httpcore

DEADLINE_SECONDS = 5.0
"""How long one call may take in all, from the name's resolution to the last byte."""

CALLS_AT_ONCE = 32
"""How many calls a process makes at the same time; further ones wait, within their own deadline."""

_MAX_URL_LENGTH = 2000
_MAX_ADDRESSES = 16
# RFC 6052 §2.1: an IPv4 address inside; what it leads to is that address.
_NAT64 = ip_network("64:ff9b::/96")

Network: TypeAlias = IPv4Network | IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


class PublicOutbound:
    """Calls public https addresses. Safe to use from one event loop.

    `allowed` are networks that may be reached although they are not public: a test's, or a closed installation's.
    """

    def __init__(
        self,
        *,
        allowed: Sequence[Network] = (),
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolver | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._allowed = tuple(allowed)
        self._ssl_context = ssl_context
        self._resolve = resolve or _resolve
        self._deadline = deadline_seconds
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def fetch(
        self, url: str, *, accept: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> FetchedDocument:
        """Return what a GET of `url` answers. Raises OutboundError."""
        sent = {"accept": accept, **(headers or {})}
        return await self._call("GET", url, sent, None, most_bytes)

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        """Post `form` to `url`; return the status. Raises OutboundError."""
        sent = {"content-type": "application/x-www-form-urlencoded"}
        return (await self._call("POST", url, sent, urlencode(form).encode(), None)).status

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most_bytes: int | None
    ) -> FetchedDocument:
        # Loaded here because most installations never call out, and it would slow every start.
        import httpcore  # noqa: PLC0415 - see above

        host, port = _host_and_port(url)
        sent = [("user-agent", "Consentry"), ("accept-encoding", "identity"), ("connection", "close"), *headers.items()]
        try:
            async with asyncio.timeout(self._deadline), self._turns:
                address = await self._find_address(host, port)
                pool = httpcore.AsyncConnectionPool(
                    ssl_context=self._ssl_context or ssl.create_default_context(),
                    network_backend=_dialling(address),
                    max_connections=1,
                    http2=False,
                    retries=0,
                )
                async with pool, pool.stream(method, url, headers=sent, content=body) as response:
                    return await _read(response, most_bytes)
        except TimeoutError:
            raise OutboundError(f"{host} did not answer within {self._deadline:g} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as fault:
            raise OutboundError(f"{host} could not be called: {type(fault).__name__}.") from None

    async def _find_address(self, host: str, port: int) -> str:
        try:
            found = await self._resolve(host.strip("[]"), port)
        except OSError:
            raise OutboundError(f"{host} has no address.") from None
        if not found or len(found) > _MAX_ADDRESSES:
            raise OutboundError(f"{host} has no address.")
        # Every one of them must be public: which one a later resolution gives is not ours to choose.
        if not all(self._may_reach(address) for address in found):
            raise OutboundError(f"{host} is not on the public internet.")
        return found[0]

    def _may_reach(self, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        return is_public(address) or any(
            address.version == network.version and address in network for network in self._allowed
        )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is reached over the public internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _host_and_port(url: str) -> tuple[str, int]:
    uri = Uri.parse(url)
    printable = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not printable or len(url) > _MAX_URL_LENGTH or uri.scheme != "https" or uri.userinfo is not None:
        raise OutboundError("Only an https address without a user name may be called.")
    if uri.host is None or not uri.has_valid_host or not uri.has_valid_port:
        raise OutboundError("The address has no valid host.")
    return uri.host, 443 if uri.port is None else int(uri.port)


async def _read(response: "httpcore.Response", most_bytes: int | None) -> FetchedDocument:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise OutboundError("The answer is compressed, although that was not asked for.")
    body = bytearray()
    if most_bytes is not None:
        stream: Any = response.aiter_stream()
        async for chunk in stream:
            body += chunk
            if len(body) > most_bytes:
                raise OutboundError(f"The answer is longer than {most_bytes} bytes.")
    return FetchedDocument(response.status, bytes(body), headers)


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _dialling(address: str) -> Any:
    """Return a network backend that dials `address` for whatever name; TLS still asks for the name."""
    import httpcore  # noqa: PLC0415 - see PublicOutbound

    class Dialling(httpcore.AnyIOBackend):
        async def connect_tcp(
            self,
            host: str,  # noqa: ARG002 - the name was resolved and its address checked before
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109 - the signature of the class above
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> Any:
            return await super().connect_tcp(address, port, timeout, local_address, socket_options)

    return Dialling()
