"""Connections as their pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from consentry.model.access import Reason
from consentry.model.connection import EndedBy
from consentry.model.connection_today import WhyNot
from consentry.model.coverage import Holding, missing_reason
from consentry.web.views.connections import ConnectionCard, ConnectionRow, ScopeToday
from consentry.web.views.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consentry.model.connection import Connection, ConnectionDetails
    from consentry.model.connection_today import ConnectionToday
    from consentry.model.connection_today import ScopeToday as Scope

LIST = "/settings/connections"

_WORKS: Mapping[Holding, Literal["fully", "partly", "nothing"]] = {
    Holding.FULL: "fully",
    Holding.PARTIAL: "partly",
    Holding.NONE: "nothing",
}
_PAUSES: Mapping[Reason, str] = {
    Reason.APP_SUSPENDED: "The app was deactivated by the organisation that registered it. Nothing works until it is "
    "active again.",
    Reason.ORG_POLICY: "The organisation refuses apps that registered themselves, as this one did. Nothing works until "
    "an administrator of the organisation allows such apps.",
    Reason.ORGANISATION_SUSPENDED: "The organisation is suspended. Nothing works until it is reinstated.",
    Reason.USER_SUSPENDED: "Your account is suspended. Nothing works until it is reinstated.",
    Reason.MEMBER_REMOVED: "You are no longer a member of this organisation. Nothing works unless you join it again.",
    Reason.MEMBER_SUSPENDED: "You are suspended in this organisation. Nothing works until you are reinstated.",
}


def href_of(connection: Connection) -> str:
    """Return the address of the connection's own page."""
    return f"{LIST}/{connection.id}"


def card_of(today: ConnectionToday, *, product: str) -> ConnectionCard:
    """Return one's own connection, with what of it works today."""
    details, connection = today.details, today.details.connection
    return ConnectionCard(
        id=connection.id,
        href=href_of(connection),
        app=details.app_name,
        registered_by=details.registered_by,
        organisation=details.organisation_name,
        scopes=tuple(_scope_of(scope, today) for scope in today.scopes),
        approved_at=connection.created_at,
        first_used_at=connection.first_used_at,
        last_used_at=connection.last_used_at,
        paused_reason=None if today.paused is None else _PAUSES[today.paused],
        ended_at=connection.ended_at,
        ended_by=None if connection.ended_by is None else _ended_by(connection.ended_by, product),
        provenance=_stranger(details),
    )


def row_of(today: ConnectionToday) -> ConnectionRow:
    """Return a connection as administrators see it."""
    details, connection = today.details, today.details.connection
    return ConnectionRow(
        id=connection.id,
        app=details.app_name,
        app_href=f"{LIST}/all?{urlencode({'app': details.client_id})}",
        person_name=details.user_name,
        person_email=details.user_email,
        scopes=tuple(connection.scopes),
        approved_at=connection.created_at,
        last_used_at=connection.last_used_at,
        ended_at=connection.ended_at,
        provenance=_stranger(details),
    )


def _stranger(details: ConnectionDetails) -> Provenance | None:
    if not details.app_registered_itself:
        return None
    return Provenance(details.app_created_at, vouched_by=details.app_vouched_by)


def _scope_of(scope: Scope, today: ConnectionToday) -> ScopeToday:
    return ScopeToday(scope.name, scope.title, _WORKS[scope.holding], _reason_of(scope, today))


def _reason_of(scope: Scope, today: ConnectionToday) -> str | None:
    match scope.why:
        case None:
            return None
        case WhyNot.USER_LACKS_PERMISSION:
            return missing_reason(scope.missing, today.role_titles)
        case WhyNot.APP_NO_LONGER_ASKS:
            return "The app no longer asks for this."
        case WhyNot.NOT_IN_CATALOG:
            return "The product no longer offers this."


def _ended_by(ended_by: EndedBy, product: str) -> str:
    match ended_by:
        case EndedBy.USER:
            return "you"
        case EndedBy.ADMINISTRATOR:
            return "an administrator of the organisation"
        case EndedBy.OPERATOR:
            return product
        case EndedBy.APP_DELETED:
            return "the app's owner, who deleted the app"
