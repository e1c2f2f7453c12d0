"""The member that an app is where it acts by itself: whose rows these are, and what it may hold. RFC 6749 §4.4.

Whether it may do something is decided as for every member; there is no second rule (docs/decisions/0021).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.acting import Acting
from consentry.model.app import App
from consentry.model.catalog import Catalog
from consentry.model.event import Event
from consentry.model.ids import ID_LENGTH, USER, AppId, ConnectionId, FamilyId, OrganisationId, UserId
from consentry.oauth.scope import Scope

SERVICE_DOMAIN = "apps.invalid"
"""The domain of the addresses of such members; RFC 2606 §2 keeps mail from ever going there."""

SERVICE_FAMILY_LIFETIME = timedelta(days=36500)
"""How long the one token family of such a connection lives: it has no refresh token that a thief could use."""


def service_user_id(app_id: AppId) -> UserId:
    """Return the user that the app is: told by the app's own identifier, so that it is found without a search."""
    return UserId(USER + app_id[-ID_LENGTH:])


def service_email(app_id: AppId) -> str:
    """Return the address under which lists show the app's user."""
    return f"{app_id.lower()}@{SERVICE_DOMAIN}"


def is_service_email(email: str) -> bool:
    """Tell whether a normalised address is that of an app's own user."""
    return email.endswith(f"@{SERVICE_DOMAIN}")


def service_family_id(connection_id: ConnectionId) -> FamilyId:
    """Return the one token family of an app's own connection: tokens of an ended one never live again with the next."""
    return FamilyId(connection_id[-ID_LENGTH:])


def service_scopes(app: App, catalog: Catalog) -> Scope:
    """Return what of the app's scopes means something where no person stands behind it."""
    known = catalog.scopes
    return Scope(frozenset(name for name in app.scopes if name in known and known[name].permissions))


def service_permissions(scopes: Scope, catalog: Catalog, acting: Acting) -> frozenset[str]:
    """Return what the member gets: what the scopes stand for, and of that no more than whoever allows it holds now.

    No sensitive permission is ever among them, because no scope stands for one.
    """
    wanted = catalog.expand(scopes.tokens)
    return wanted if acting.is_operator else wanted & acting.permissions


@dataclass(frozen=True, slots=True)
class ServiceAllowance:
    """An administrator's word that an app may act for the organisation that owns it, as it is written.

    `app` is the app as it was read, `changed` as it is to be. `connection_id` is used where there is no live connection
    yet. `permissions` are rendered as stored.
    """

    app: App
    changed: App
    organisation_id: OrganisationId
    user_id: UserId
    permissions: str
    scopes: Scope
    connection_id: ConnectionId
    consent_id: str
    page_version: str
    event: Event
    at: datetime
