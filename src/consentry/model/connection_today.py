"""What of a connection works today: approved scopes ∩ the app's scopes now, each under what the member holds now."""

from dataclasses import dataclass
from enum import StrEnum

from consentry.model.access import Reason
from consentry.model.app import AppStanding
from consentry.model.catalog_entry import PermissionEntry
from consentry.model.connection import ConnectionDetails
from consentry.model.coverage import Holding, coverage
from consentry.model.membership import Holder, RoleBook
from consentry.model.organisation import Standing


class WhyNot(StrEnum):
    """Why an approved scope does not, or not fully, work today."""

    APP_NO_LONGER_ASKS = "app_no_longer_asks"
    NOT_IN_CATALOG = "not_in_catalog"
    USER_LACKS_PERMISSION = "user_lacks_permission"


@dataclass(frozen=True, slots=True)
class ScopeToday:
    """One approved scope. `missing` are the permissions that the member lacks, in the catalog's order."""

    name: str
    title: str
    holding: Holding
    why: WhyNot | None = None
    missing: tuple[PermissionEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionToday:
    """A connection, what of it works, and the titles of the member's roles.

    `paused` says why a connection that has not ended does nothing at all at present; what its scopes would give is
    then told as if it were not.
    """

    details: ConnectionDetails
    scopes: tuple[ScopeToday, ...]
    paused: Reason | None
    role_titles: tuple[str, ...]


def connection_today(details: ConnectionDetails, holder: Holder, roles: RoleBook) -> ConnectionToday:
    """Compute what works today from rows that one read found."""
    held = roles.permissions_of(holder.roles, holder.custom_permissions)
    scopes = tuple(_scope_today(name, details, held, roles) for name in details.connection.scopes)
    titles = roles.role_titles(holder.roles, holder.custom_permissions)
    return ConnectionToday(details, scopes, _find_pause(details, holder), titles)


def _scope_today(name: str, details: ConnectionDetails, held: frozenset[str], roles: RoleBook) -> ScopeToday:
    entry = roles.catalog.scopes.get(name)
    if entry is None:
        return ScopeToday(name, name, Holding.NONE, WhyNot.NOT_IN_CATALOG)
    if name not in details.app_scopes:
        return ScopeToday(name, entry.title, Holding.NONE, WhyNot.APP_NO_LONGER_ASKS)
    covered = coverage(entry, held)
    why = WhyNot.USER_LACKS_PERMISSION if covered.missing else None
    return ScopeToday(name, entry.title, covered.holding, why, covered.missing)


def _find_pause(details: ConnectionDetails, holder: Holder) -> Reason | None:
    if not details.connection.is_live:
        return None
    causes = (
        (details.app_standing == AppStanding.REFUSED, Reason.ORG_POLICY),
        (details.app_standing != AppStanding.ACTIVE, Reason.APP_SUSPENDED),
        (holder.organisation_standing is Standing.SUSPENDED, Reason.ORGANISATION_SUSPENDED),
        (holder.user_standing is Standing.SUSPENDED, Reason.USER_SUSPENDED),
        (holder.member_standing is None, Reason.MEMBER_REMOVED),
        (holder.member_standing is Standing.SUSPENDED, Reason.MEMBER_SUSPENDED),
    )
    return next((reason for applies, reason in causes if applies), None)
