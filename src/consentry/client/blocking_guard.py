"""The guard over HTTP for code that waits: Flask, Django, any WSGI application."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from types import TracebackType
from typing import Self

from consentry.client.asking import DEFAULT_TIMEOUT
from consentry.client.blocking import BlockingIntrospectionClient
from consentry.gate.deciding import WaitingDeciding
from consentry.gate.prover import Prover
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.protected_resource import ProtectedResource


class BlockingRemoteGuard(WaitingDeciding):
    """Does what `RemoteGuard` does, and waits for the answer; usable wherever a `BlockingGuard` is.

    Threads may share one, also with processes that are forked from theirs.
    """

    answers_at_once = False

    def __init__(
        self,
        client: BlockingIntrospectionClient,
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
        """Return a guard that asks the server at `issuer`; parameters and errors are those of `RemoteGuard.open`."""
        client = BlockingIntrospectionClient(issuer, client_id=client_id, client_secret=client_secret, timeout=timeout)
        try:
            known = client.catalog() if catalog is None else catalog
        except BaseException:
            client.close()
            raise
        return cls(client, known, issuer=issuer, resource=resource, trusted_proxies=trusted_proxies)

    def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. Raises IntrospectionError; that is never a yes."""
        return self._client.check(bearer, address, jkt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. From now on every check fails. Idempotent."""
        self._client.close()
