"""The stores of apps and of their client secrets: whole operations, each with its audit event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from consentry.model.app import App, AppSecret, AppStatus
from consentry.model.client import AppDetails, Client, RedirectRefusal
from consentry.model.event import Event
from consentry.model.ids import AppId, ClientId, OrganisationId, SecretId


class AppStore(Protocol):
    """Keeps apps. A deleted app is not found by anything here; its row stays for the audit."""

    async def find_app(self, client_id: str) -> App | None:
        """Return the app of this client ID, active or deactivated, or None."""
        ...

    async def find_client(self, client_id: str) -> Client | None:
        """Return the app with the secrets that were not retired, in one read, or None."""
        ...

    async def find_details(self, client_id: str, *, now: datetime) -> AppDetails | None:
        """Return the app with its live secrets, use and recent redirect refusals, or None."""
        ...

    async def page(self, organisation_id: OrganisationId | None, *, after: ClientId | None, limit: int) -> list[App]:
        """Return up to `limit` apps in the order of their registration, those of one organisation or of all.

        `after` is the client ID of the last app of the page before.
        """
        ...

    async def register(self, app: App, secret: AppSecret | None, event: Event) -> bool:
        """Write a new app and its first secret; False if there is no such organisation, or the client ID is in use."""
        ...

    async def change(self, before: App, after: App, event: Event) -> bool:
        """Write what may be edited of `after`; False if the app is no longer as it was `before`."""
        ...

    async def change_status(self, app_id: AppId, status: AppStatus, *, before: AppStatus, event: Event) -> bool:
        """Set the status, at the event's time; False if it is no longer `before`."""
        ...

    async def delete(self, app_id: AppId, event: Event) -> bool:
        """Turn the app into a tombstone and end its secrets and connections; False if it was deleted already."""
        ...

    async def record_refusal(self, app_id: AppId, refusal: RedirectRefusal) -> None:
        """Add a refused redirect URI to the app's own log, of which the latest 20 stay."""
        ...


class AppSecretStore(Protocol):
    """Keeps the client secrets of confidential apps."""

    async def live_secrets(self, app_id: AppId, *, now: datetime) -> Sequence[AppSecret]:
        """Return the secrets that authenticate the app now, oldest first."""
        ...

    async def add(self, secret: AppSecret, *, most: int, event: Event) -> bool:
        """Write a new secret; False if the app then had more than `most` live ones, or is gone."""
        ...

    async def retire(self, app_id: AppId, secret_id: SecretId, event: Event) -> bool:
        """End a secret at the event's time; False if it is none of the app's live ones."""
        ...

    async def schedule_expiry(self, app_id: AppId, secret_id: SecretId, expires_at: datetime, event: Event) -> bool:
        """Let a secret end at `expires_at`; False if it is none of the app's live ones."""
        ...
