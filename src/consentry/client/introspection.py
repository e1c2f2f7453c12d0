"""Asking Consentry about a credential, from asynchronous code."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx

from consentry.client.asking import (
    CONNECTION_FAULTS,
    DEFAULT_TIMEOUT,
    RETRIES,
    Asking,
    refused_unasked,
)
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog


class IntrospectionClient:
    """Asks the server at `issuer` as a registered resource server, over connections that are kept open.

    It belongs to one event loop; close it at the end. `timeout` bounds each attempt; a question whose connection broke
    is asked again, twice at most. `transport` is for a proxy or certificates of one's own, and for tests.

    Raises ValueError for an issuer or a client that cannot be.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        client_secret: str,
        timeout: timedelta = DEFAULT_TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._asking = Asking(issuer, client_id, client_secret, timeout)
        self._http = httpx.AsyncClient(**self._asking.pool, transport=transport)

    async def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. `address` is the caller's, for keys bound to networks.

        `jkt` is the thumbprint of the key that the caller has proved to hold, where it has: without it, a token that is
        bound to a key is refused.

        Raises IntrospectionError; it must not be taken for a yes.
        """
        refused = refused_unasked(bearer)
        if refused is not None:
            return refused
        form = self._asking.form(bearer, address)
        return self._asking.read(
            await self._ask(lambda: self._http.post(self._asking.introspection_url, data=form)), jkt
        )

    async def catalog(self) -> Catalog:
        """Return the permissions and scopes that the server has now, without roles. Raises IntrospectionError."""
        return self._asking.read_catalog(await self._ask(lambda: self._http.get(self._asking.catalog_url)))

    async def close(self) -> None:
        """Close the connections. From now on every check fails. Idempotent."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, question: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        for attempt in range(RETRIES + 1):
            try:
                return await question()
            except httpx.HTTPError as fault:
                if attempt == RETRIES or not isinstance(fault, CONNECTION_FAULTS):
                    raise self._asking.unreachable(fault) from None
        raise AssertionError("the last attempt returns or raises")
