"""A guard that asks Consentry over HTTP: for products that run apart from the database."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from types import TracebackType
from typing import Self

from consentry.client.asking import DEFAULT_TIMEOUT
from consentry.client.blocking import BlockingIntrospectionClient
from consentry.client.introspection import IntrospectionClient
from consentry.gate.deciding import AsyncDeciding
from consentry.gate.prover import Prover
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.protected_resource import ProtectedResource


class RemoteGuard(AsyncDeciding):
    """Checks bearer credentials by introspection; usable wherever `consentry.guard.Guard` is.

    It remembers nothing that grants access: each call is one question. `catalog` only words the refusals, and finds
    mistyped permissions at the start. Where the server cannot be asked, the answer is 503, and nobody is let in.

    It belongs to one event loop. The product API's RFC 8707 identifier is that of its registration at the server.
    """

    def __init__(
        self,
        client: IntrospectionClient,
        catalog: Catalog,
        *,
        issuer: str,
        resource: ProtectedResource | str | None = None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        prover: Prover | None = None,
    ) -> None:
        super().__init__(catalog, issuer=issuer, resource=resource, trusted_proxies=trusted_proxies, prover=prover)
        self._client = client

    @classmethod
    def open(
        cls,
        issuer: str,
        *,
        client_id: str,
        client_secret: str,
        catalog: Catalog | None = None,
        resource: ProtectedResource | str | None = None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        timeout: timedelta = DEFAULT_TIMEOUT,
    ) -> Self:
        """Return a guard that asks the server at `issuer` as a registered resource server.

        Without a `catalog`, the server's is fetched here, once; with one, this asks nobody, so that the product starts
        also while the server is away. `trusted_proxies` are the networks whose `X-Forwarded-For` is believed.
        `resource` is what clients are told about the API (RFC 9728); which tokens are good is said by its registration.

        Raises:
            ValueError: the issuer, the client or the resource cannot be.
            IntrospectionError: the server does not tell its catalog.
        """
        client = IntrospectionClient(issuer, client_id=client_id, client_secret=client_secret, timeout=timeout)
        if catalog is None:
            with BlockingIntrospectionClient(
                issuer, client_id=client_id, client_secret=client_secret, timeout=timeout
            ) as asking:
                catalog = asking.catalog()
        return cls(client, catalog, issuer=issuer, resource=resource, trusted_proxies=trusted_proxies)

    async def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. `address` is the caller's, for keys bound to networks.

        `jkt` is the thumbprint of the key that the caller has proved to hold, where it has: without it, a token that is
        bound to a key is refused.

        Raises IntrospectionError; it must not be taken for a yes.
        """
        return await self._client.check(bearer, address, jkt)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. From now on every check fails. Idempotent."""
        await self._client.close()
