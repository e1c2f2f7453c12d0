"""The guard: opened once by the product's API, asked on every request, remembering nothing that grants access."""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from consentry.clock import SystemClock
from consentry.flows.check_bearer import CheckBearer
from consentry.flows.usage import UsageRecorder
from consentry.gate.deciding import AsyncDeciding
from consentry.gate.gate import UnknownPermissionError, names_of
from consentry.gate.prover import Prover
from consentry.model.access import Access, Refused
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.membership import RoleBook
from consentry.oauth.protected_resource import ProtectedResource
from consentry.ports.directory import LiveDirectory
from consentry.ports.world import Clock
from consentry.settings import Settings, load_guard_settings
from consentry.settings_sources import find_config
from consentry.shared_nonces import nonces_of
from consentry.storage.credentials_source import credentials_of_people
from consentry.storage.database import Database
from consentry.storage.opening import open_database
from consentry.storage.schema import require_current
from consentry.storage.usage import SqlUsageStore

__all__ = ["Guard", "UnknownPermissionError", "names_of"]


class Guard(AsyncDeciding):
    """Checks bearer credentials against what is true now.

    Use it as an asynchronous context manager, or let an adapter do so: while it is entered, the times of last use are
    written every second; leaving it writes the rest and closes the database. It belongs to one event loop.
    """

    def __init__(
        self,
        check_bearer: CheckBearer,
        usage: UsageRecorder,
        catalog: Catalog,
        database: Database,
        *,
        issuer: str,
        resource: ProtectedResource | str | None = None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        prover: Prover | None = None,
    ) -> None:
        super().__init__(catalog, issuer=issuer, resource=resource, trusted_proxies=trusted_proxies, prover=prover)
        self._check_bearer = check_bearer
        self._usage = usage
        self._database = database
        self._resource = None if self.resource is None else self.resource.identifier
        self._recording: asyncio.Task[None] | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        resource: ProtectedResource | str | None = None,
        clock: Clock | None = None,
        directory: LiveDirectory | None = None,
    ) -> Self:
        """Open the database of `settings` for checking.

        `resource` is the identifier under which this API is registered (RFC 8707): a token that was issued for another
        API is refused, and refusals tell a client where to read how it connects (RFC 9728). A `ProtectedResource` says
        more about the API, such as the scopes to begin with. Without it, every token of this Consentry is good here.
        `directory` is the product's own, which says what members hold; without it, that is what the settings name.

        Raises:
            SchemaOutdatedError: the database was not brought up to date; it says what to run.
            CatalogError, OSError: the catalog cannot be used.
            UnknownScopeError: the catalog does not declare a scope of the resource.
            ValueError: the resource is no identifier; a directory, and a view in the settings too.
        """
        url, view = settings.database_url, settings.directory_view_members
        require_current(url, view)
        catalog = parse_catalog(settings.catalog.read_text(encoding="utf-8"))
        database = open_database(url, view, gathers=True)
        return cls.over(database, catalog, settings, resource=resource, clock=clock, directory=directory)

    @classmethod
    def over(
        cls,
        database: Database,
        catalog: Catalog,
        settings: Settings,
        *,
        resource: ProtectedResource | str | None = None,
        clock: Clock | None = None,
        directory: LiveDirectory | None = None,
    ) -> Self:
        """Check against a database that is open already; the guard closes it."""
        clock = clock or SystemClock()
        usage = UsageRecorder(SqlUsageStore(database), clock)
        check = CheckBearer(
            credentials_of_people(database, directory), ApprovalBook(catalog), RoleBook(catalog), usage, clock
        )
        return cls(
            check,
            usage,
            catalog,
            database,
            issuer=settings.issuer,
            resource=resource,
            trusted_proxies=settings.trusted_proxies,
            prover=prover_of(settings, clock),
        )

    @classmethod
    def from_config(
        cls,
        config: Path | str | None = None,
        *,
        resource: ProtectedResource | str | None = None,
        directory: LiveDirectory | None = None,
    ) -> Self:
        """Open the database that a configuration file names; without one, as the server finds its own.

        Raises SettingsError for a setting that cannot be used, and what `open` raises.
        """
        found = find_config(None if config is None else Path(config), os.environ)
        return cls.open(load_guard_settings(found, os.environ), resource=resource, directory=directory)

    # No coroutine of its own around that of the check: it is awaited on every call of the product's API.
    def check(
        self, bearer: str, address: str | None = None, jkt: str | None = None
    ) -> Coroutine[Any, Any, Access | Refused]:
        """Return what the credential may do now, or why nothing. `address` is the caller's, for keys bound to networks.

        `jkt` is the thumbprint of the key that the caller has proved to hold, where it has: without it, a token that is
        bound to a key is refused.

        What the database raises is passed on; a caller must not take it for a yes.
        """
        return self._check_bearer.check(bearer, address=address, resource=self._resource, jkt=jkt)

    async def __aenter__(self) -> Self:
        self._recording = asyncio.create_task(self._usage.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Write the times of last use that wait, and close the database. From now on every check fails. Idempotent."""
        if self._recording is not None:
            self._recording.cancel()
            with suppress(asyncio.CancelledError):
                await self._recording
            self._recording = None
        try:
            await self._usage.flush()
        finally:
            await self._database.close()


def prover_of(settings: Settings, clock: Clock) -> Prover:
    """Return what checks proofs beside the server of these settings: its nonces are good here, and ours there."""
    return Prover(clock, nonces_of(settings))
