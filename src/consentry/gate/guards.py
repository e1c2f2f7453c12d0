"""What an adapter needs of a guard, wherever that guard checks: beside the database, or over HTTP."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from types import TracebackType
from typing import Protocol, Self

from consentry.gate.answer import CallRefusedError
from consentry.gate.call import Call
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.protected_resource import ProtectedResource


class Guarding(Protocol):
    """The parts that every guard has."""

    @property
    def catalog(self) -> Catalog:
        """What routes may ask for."""

    @property
    def issuer(self) -> str:
        """The server's public base URL."""

    @property
    def trusted_proxies(self) -> Sequence[IPv4Network | IPv6Network]:
        """The networks whose `X-Forwarded-For` is believed."""

    @property
    def resource(self) -> ProtectedResource | None:
        """The API that is guarded, as its clients address it; None where every token of the server is good."""

    def require_known(self, permissions: Sequence[str]) -> None:
        """Return if the catalog declares all of `permissions`; raises UnknownPermissionError, at start-up."""

    def judge(self, access: Access, permissions: Sequence[str]) -> Access:
        """Return `access` if it may do all of `permissions`; raises CallRefusedError with the answer to send."""

    def refuse(self, refused: Refused, access: Access) -> CallRefusedError:
        """Return the refusal, for a reason that the adapter found, of a call that has this access."""

    def deny(self, access: Access, sentence: str) -> CallRefusedError:
        """Return the refusal, to be raised, of a call that a rule of the product's own forbids."""


class AsyncGuard(Guarding, Protocol):
    """A guard for asynchronous code: `consentry.guard.Guard`, `consentry.client.RemoteGuard`."""

    async def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Return the access of a call that may do all of `permissions` now. Raises CallRefusedError for any other."""

    async def close(self) -> None:
        """Let go of what it holds open. From now on every check fails. Idempotent."""

    async def __aenter__(self) -> Self:
        """Begin to serve."""

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


class WaitingGuard(Guarding, Protocol):
    """A guard for code that waits: `consentry.guard.blocking.BlockingGuard`, `consentry.client.BlockingRemoteGuard`."""

    @property
    def answers_at_once(self) -> bool:
        """Whether a check is as quick as a local read; if not, an event loop must not wait for it."""

    def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Return the access of a call that may do all of `permissions` now. Raises CallRefusedError for any other."""

    def close(self) -> None:
        """Let go of what it holds open. From now on every check fails. Idempotent."""
