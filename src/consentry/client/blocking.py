"""Asking Consentry about a credential, from code that waits: threads of a WSGI server, scripts."""

import os
from collections.abc import Callable
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


class BlockingIntrospectionClient:
    """Does what `IntrospectionClient` does, and waits for the answer. Threads may share one.

    A process that is forked from this one opens connections of its own: on a shared one, each would read the answers
    that were meant for the other.

    Raises ValueError for an issuer or a client that cannot be.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        client_secret: str,
        timeout: timedelta = DEFAULT_TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._asking = Asking(issuer, client_id, client_secret, timeout)
        self._transport = transport
        self._http = self._connect()
        self._process = os.getpid()
        self._of_parents: list[httpx.Client] = []

    def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. `address` is the caller's, for keys bound to networks.

        `jkt` is the thumbprint of the key that the caller has proved to hold, where it has: without it, a token that is
        bound to a key is refused.

        Raises IntrospectionError; it must not be taken for a yes.
        """
        refused = refused_unasked(bearer)
        if refused is not None:
            return refused
        form = self._asking.form(bearer, address)
        return self._asking.read(self._ask(lambda http: http.post(self._asking.introspection_url, data=form)), jkt)

    def catalog(self) -> Catalog:
        """Return the permissions and scopes that the server has now, without roles. Raises IntrospectionError."""
        return self._asking.read_catalog(self._ask(lambda http: http.get(self._asking.catalog_url)))

    def close(self) -> None:
        """Close the connections. From now on every check fails. Idempotent."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> httpx.Client:
        return httpx.Client(**self._asking.pool, transport=self._transport)

    def _here(self) -> httpx.Client:
        if self._process != os.getpid():
            # Kept, so that nothing closes here what the parent still speaks through.
            self._of_parents.append(self._http)
            self._http = self._connect()
            self._process = os.getpid()
        return self._http

    def _ask(self, question: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        for attempt in range(RETRIES + 1):
            try:
                return question(self._here())
            except httpx.HTTPError as fault:
                if attempt == RETRIES or not isinstance(fault, CONNECTION_FAULTS):
                    raise self._asking.unreachable(fault) from None
        raise AssertionError("the last attempt returns or raises")
