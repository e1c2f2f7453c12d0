"""The stores of apps that register themselves, and of the tokens that let them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consentry.model.app import App, AppSecret
from consentry.model.client import Client
from consentry.model.event import Event
from consentry.model.ids import AppId, ClientId
from consentry.model.registration_token import RegistrationToken, RegistrationTokenId


@dataclass(frozen=True, slots=True)
class NewRegistration:
    """An app to be written, with its first secret and the digest of the token that manages it, where it has them.

    `spent` is the initial access token that one use is taken from.
    """

    app: App
    secret: AppSecret | None
    digest: bytes | None
    spent: RegistrationTokenId | None
    event: Event


@dataclass(frozen=True, slots=True)
class KeptRegistration:
    """An app that registered itself, with the digest of the token that manages it, if it has one."""

    client: Client
    digest: bytes | None


class RegistrationStore(Protocol):
    """Keeps apps that registered themselves; each operation is atomic and durable when it returns."""

    async def find(self, client_id: str) -> KeptRegistration | None:
        """Return the app, if it is there and registered itself by RFC 7591."""
        ...

    async def count(self, *, most: int) -> int:
        """Return how many apps registered themselves, counting no further than `most`."""
        ...

    async def register(self, new: NewRegistration) -> AppId | None:
        """Write the app, in place of one of its client ID that was deleted; return its ID.

        None, and nothing is written, where an app of this client ID is there, or no use is left of the token.
        """
        ...

    async def replace(self, before: KeptRegistration, after: App, digest: bytes, event: Event) -> bool:
        """Write a registration anew and the digest of its new token; False if it is no longer as it was `before`."""
        ...

    async def describe(self, before: App, after: App, event: Event) -> bool:
        """Write what an app's document says of it now; False if the app is not there any more."""
        ...

    async def record_request(self, client_id: ClientId, at: datetime) -> None:
        """Note that the app was asked for, so that it is not removed as unused."""
        ...


class RegistrationTokenStore(Protocol):
    """Keeps initial access tokens."""

    async def create(self, token: RegistrationToken, event: Event) -> None:
        """Write a new token."""
        ...

    async def find(self, token_id: RegistrationTokenId) -> RegistrationToken | None:
        """Return the token, live or not, or None."""
        ...

    async def page(self, *, after: RegistrationTokenId | None, limit: int) -> list[RegistrationToken]:
        """Return up to `limit` tokens in the order in which they were made, those that ended too."""
        ...

    async def revoke(self, token_id: RegistrationTokenId, event: Event) -> bool:
        """End a token at the event's time; False if there is no such token, or it was ended already."""
        ...
