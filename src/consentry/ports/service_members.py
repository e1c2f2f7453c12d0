"""The store of the members that apps are where they act by themselves."""

from typing import Protocol

from consentry.model.credential import TokenFamily
from consentry.model.service_member import ServiceAllowance


class ServiceMemberStore(Protocol):
    """Whole operations, each atomic and durable when it returns."""

    async def allow(self, allowance: ServiceAllowance) -> bool:
        """Write the user, the member and the connection of an app that may act by itself, new or changed.

        A suspended member stays suspended. False, and nothing written, where the app is no longer as it was read or
        not active, or another user has the identifier or address.
        """
        ...

    async def open_family(self, family: TokenFamily) -> None:
        """Store the token family of an app's own connection, unless it is there."""
        ...
