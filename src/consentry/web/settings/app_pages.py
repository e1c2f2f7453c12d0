"""An app as its pages show it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from consentry.model.ids import ID_LENGTH
from consentry.model.secret import CredentialKind
from consentry.model.service_member import service_scopes
from consentry.oauth.metadata import AUTHORIZATION_PATH, TOKEN_PATH
from consentry.oauth.redirect_uri import MismatchPart
from consentry.web.settings.app_form import form_of
from consentry.web.settings.protocol_form import protocol_form_of
from consentry.web.views.app_protocol import ActingCard
from consentry.web.views.apps import (
    AppPage,
    AppRegisteredPage,
    AppRow,
    AppStatus,
    MarkedAddress,
    RedirectTest,
    RefusalRow,
    SecretRow,
)

if TYPE_CHECKING:
    from consentry.flows.app_registry import RegisteredApp
    from consentry.model.app import App, AppSecret
    from consentry.model.app_draft import RedirectTrial
    from consentry.model.catalog import Catalog
    from consentry.model.client import AppDetails, RedirectRefusal
    from consentry.model.connection import Connection

_METADATA_PATH = "/.well-known/oauth-authorization-server"
_LABEL_LENGTH = 8

_PARTS = {
    MismatchPart.SCHEME: "The scheme differs",
    MismatchPart.HOST: "The host differs",
    MismatchPart.PORT: "The port differs",
    MismatchPart.PATH: "The path differs",
    MismatchPart.TRAILING_SLASH: "A slash at the end differs",
    MismatchPart.QUERY: "The query differs",
    MismatchPart.FRAGMENT: "A fragment was sent",
    MismatchPart.USERINFO: "A user name was sent",
    MismatchPart.CASE: "Capital and small letters differ",
    MismatchPart.MALFORMED: "The address is malformed",
    MismatchPart.NONE_REGISTERED: "No address was registered",
}


def row_of(app: App) -> AppRow:
    """Return the app as a row of the list."""
    return AppRow(
        name=app.name,
        type=app.type.value,
        client_id=app.client_id,
        scopes=tuple(app.scopes),
        redirect_uris=app.redirect_uris,
        created_at=app.created_at,
        status=_status(app),
    )


def page_of(
    details: AppDetails, catalog: Catalog, *, issuer: str, secrets_most: int, acting: ActingCard | None = None
) -> AppPage:
    """Return the app's own page, as everything stands now."""
    app = details.app
    return AppPage(
        name=app.name,
        client_id=app.client_id,
        type=app.type.value,
        status=_status(app),
        created_at=app.created_at,
        created_by=details.created_by_name or "an operator",
        connections=details.live_connections,
        has_more_connections=details.has_more_connections,
        last_used_at=details.last_used_at,
        deep_link=f"{issuer}/settings/connections/{app.client_id}",
        authorize_url=authorize_url(app, issuer),
        form=form_of(app, catalog),
        protocol=protocol_form_of(app),
        acting=acting,
        secrets=tuple(_secret_row(secret) for secret in details.secrets),
        may_add_secret=not app.is_public and len(details.secrets) < secrets_most,
        refusals=tuple(_refusal_row(refusal) for refusal in details.refusals),
    )


def acting_card(app: App, connection: Connection | None, catalog: Catalog, *, may_allow: bool) -> ActingCard:
    """Return whether the app acts by itself now, and with what."""
    if connection is None:
        return ActingCard(None, (), may_allow, None)
    standing = connection.scopes & app.scopes
    newer = service_scopes(app, catalog) - connection.scopes
    return ActingCard(
        tuple(standing),
        tuple(newer),
        may_allow,
        f"/settings/connections/all?{urlencode({'app': app.client_id, 'user': connection.user_id})}",
    )


def registered_page(registered: RegisteredApp, *, issuer: str) -> AppRegisteredPage:
    """Return the answer to a registration, the only page that ever holds the first secret."""
    app, secret = registered.app, registered.client_secret
    return AppRegisteredPage(
        name=app.name,
        type=app.type.value,
        client_id=app.client_id,
        client_secret=None if secret is None else secret.reveal(),
        authorize_url=authorize_url(app, issuer),
        token_url=f"{issuer}{TOKEN_PATH}",
        metadata_url=f"{issuer}{_METADATA_PATH}",
    )


def authorize_url(app: App, issuer: str) -> str:
    """Return an authorization request of the app, with placeholders for what must be fresh each time."""
    parameters = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uris[0] if app.redirect_uris else "REDIRECT_URI",
        "scope": str(app.scopes),
        "state": "STATE",
        "code_challenge": "CHALLENGE",
        "code_challenge_method": "S256",
    }
    return f"{issuer}{AUTHORIZATION_PATH}?{urlencode(parameters)}"


def redirect_test_of(trial: RedirectTrial) -> RedirectTest:
    """Return the answer to "test this URI"."""
    return RedirectTest(trial.uri, trial.matches, trial.sentence)


def mark_difference(one: str, other: str) -> tuple[MarkedAddress, MarkedAddress]:
    """Return both texts with all that lies between their common beginning and their common end marked."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    rest = min(len(one), len(other)) - start
    backwards = zip(reversed(one), reversed(other), strict=False)
    end = min(rest, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], backwards)))
    return _marked(one, start, len(one) - end), _marked(other, start, len(other) - end)


def _marked(text: str, start: int, end: int) -> MarkedAddress:
    return MarkedAddress(text[:start], text[start:end], text[end:])


def _refusal_row(refusal: RedirectRefusal) -> RefusalRow:
    sent, registered = mark_difference(refusal.redirect_uri, refusal.closest or "")
    return RefusalRow(
        part=_PARTS[refusal.part],
        sent=sent,
        registered=None if refusal.closest is None else registered,
        times=refusal.times,
        last_at=refusal.last_at,
    )


def _secret_row(secret: AppSecret) -> SecretRow:
    label = (
        f"{CredentialKind.CLIENT_SECRET}{secret.id[-ID_LENGTH:][:_LABEL_LENGTH]}\N{HORIZONTAL ELLIPSIS}{secret.hint}"
    )
    return SecretRow(secret.id, label, secret.created_at, secret.last_used_at, secret.expires_at)


def _status(app: App) -> AppStatus:
    return "active" if app.status.value == "active" else "deactivated"
