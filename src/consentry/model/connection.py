"""Connections: one user's standing approval of one app in one organisation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consentry.model.app import App, AppOrigin
from consentry.model.ids import AppId, ClientId, ConnectionId, OrganisationId, RequestId, SessionId, UserId
from consentry.oauth.redirect_uri import host_of, is_loopback, is_web
from consentry.oauth.scope import Scope


class EndedBy(StrEnum):
    """Who ended a connection."""

    USER = "user"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    APP_DELETED = "app_deleted"


@dataclass(frozen=True, slots=True)
class Connection:
    """The standing consent; codes, token families and tokens hang on it.

    `declined_scopes` were offered and unticked: no page is shown for their sake unless the app insists
    (`prompt=consent`).
    """

    id: ConnectionId
    organisation_id: OrganisationId
    user_id: UserId
    app_id: AppId
    scopes: Scope
    declined_scopes: Scope
    created_at: datetime
    updated_at: datetime
    first_used_at: datetime | None
    last_used_at: datetime | None
    ended_at: datetime | None
    ended_by: EndedBy | None

    @property
    def is_live(self) -> bool:
        """Tell whether the connection has not been ended."""
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class ConnectionDetails:
    """A connection with the names that a list shows. `registered_by` names the organisation that registered the app."""

    connection: Connection
    app_name: str
    registered_by: str
    client_id: ClientId
    app_scopes: Scope
    app_standing: str
    organisation_name: str
    user_email: str
    user_name: str
    app_created_at: datetime
    app_registered_itself: bool = False
    app_vouched_by: str | None = None


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """An authorization request that waits for the user's decision, kept by the server.

    What the page sends back is only the decision: client, redirect URI and scopes are read from here, so that nothing
    a browser could change decides what is granted. Bound to the session that opened it; answered once.
    """

    id: RequestId
    session_id: SessionId
    user_id: UserId
    client_id: ClientId
    query: str
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None


def asked_again(asked: Scope, connection: Connection | None) -> Scope:
    """Return what of `asked` the user has not yet answered: only this difference is put to them."""
    if connection is None or not connection.is_live:
        return asked
    return asked - connection.scopes - connection.declined_scopes


def is_remembered(app: App, asked: Scope, connection: Connection | None, answerable: Scope) -> bool:
    """Tell whether consent given before answers this request without a page.

    `answerable` is what the user has not answered yet and could approve now: while there is any, they are asked.
    Only for confidential apps: nothing proves that a public app is the one which was approved (RFC 8252 §8.6,
    RFC 9700 §2.1). For one that registered itself only while its registration, with the one host that people are sent
    to, is as it was when they approved (MCP C-26).
    """
    if app.is_public or connection is None or not connection.is_live:
        return False
    if app.origin is not AppOrigin.REGISTERED and not _is_as_approved(app, connection):
        return False
    return not answerable and bool(asked & connection.scopes)


def _is_as_approved(app: App, connection: Connection) -> bool:
    targets = {host_of(uri) if is_web(uri) and not is_loopback(uri) else None for uri in app.redirect_uris}
    return app.updated_at <= connection.updated_at and len(targets) == 1 and None not in targets
