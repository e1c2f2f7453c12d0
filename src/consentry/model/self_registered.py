"""Apps that registered themselves by program: what they may have, and how their claims become an app. RFC 7591.

Nobody answers for such an app, so what limits it is decided here and not by what it asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from consentry.model.app import App, AppOrigin, AppStatus, AppType
from consentry.model.app_metadata import find_metadata_faults
from consentry.model.catalog import Catalog
from consentry.model.ids import AppId, ClientId, OrganisationId
from consentry.model.registration import Registration
from consentry.model.shown_name import clean_name, find_name_fault
from consentry.oauth.client_claims import NONE, PRIVATE_KEY, SECRET_METHODS, ClientClaims
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import OFFLINE_ACCESS
from consentry.oauth.redirect_uri import shown_target
from consentry.oauth.scope import Scope

SELF_REGISTERED = OrganisationId("org_0000000selfregistered0")
"""The organisation to which all such apps belong. Nobody is a member of it; operators look after its apps."""

SELF_REGISTERED_NAME = "Apps that registered themselves"

EVERY_SCOPE = "*"
"""Stands for every scope of the catalog in the list of what such apps may have."""

_SHARED_PREFIX = "shared_"


@dataclass(frozen=True, slots=True)
class SelfRegistrationPolicy:
    """What apps that registered themselves may have.

    `scopes` names the most that they may ask for: every scope that only reads, where it is empty. `redirect_hosts`,
    where there are any, are the hosts and private schemes (`cursor:`) that they may send people to. There are at most
    `most_apps` of them; one that nobody connected for `unused_for` is removed.
    """

    registration: Registration
    scopes: tuple[str, ...]
    redirect_hosts: tuple[str, ...]
    most_apps: int
    unused_for: timedelta

    def ceiling(self, catalog: Catalog) -> Scope:
        """Return the most that such an app may ask for, of what the catalog has.

        It is never `offline_access`: programs that never heard of it must refresh all the same, and for one that may
        ask for it that would need asking (OpenID Connect Core §11).
        """
        if EVERY_SCOPE in self.scopes:
            allowed = frozenset(catalog.scopes)
        elif self.scopes:
            allowed = frozenset(self.scopes).intersection(catalog.scopes)
        else:
            allowed = frozenset(name for name, entry in catalog.scopes.items() if entry.access != "change")
        return Scope(allowed - {OFFLINE_ACCESS})

    def require_allowed_hosts(self, uris: Iterable[str]) -> None:
        """Return if people may be sent to all of these. Raises OAuthError(INVALID_REDIRECT_URI)."""
        for uri in uris:
            if self.redirect_hosts and shown_target(uri) not in self.redirect_hosts:
                raise OAuthError(
                    ErrorCode.INVALID_REDIRECT_URI, "This server does not let apps that register themselves use it."
                )


@dataclass(frozen=True, slots=True)
class NewApp:
    """What an app that registers itself is given beside its claims."""

    id: AppId
    client_id: ClientId | None
    origin: AppOrigin
    vouched_by: str | None
    at: datetime


def build_app(claims: ClientClaims, new: NewApp, ceiling: Scope) -> App:
    """Return the app that the claims describe, within `ceiling`. Raises OAuthError(INVALID_CLIENT_METADATA).

    Every scope is the user's to untick. Without a client ID it gets the one that all clients with the same claims
    share if it is public, and one of its own otherwise.
    """
    app_type, method = _type_of(claims)
    asked = Scope(claims.scope & ceiling.tokens)
    metadata = replace(
        claims.metadata,
        token_endpoint_auth_method=method,
        token_endpoint_auth_signing_alg=claims.metadata.token_endpoint_auth_signing_alg
        if method == PRIVATE_KEY
        else None,
        scope=str(asked) if asked else None,
    )
    for fault in find_metadata_faults(metadata, app_type, claims.redirect_uris):
        raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, f"The member {fault.field} is not good. {fault.sentence}")
    return App(
        id=new.id,
        client_id=new.client_id or ClientId(new.id),
        organisation_id=SELF_REGISTERED,
        name=_name_of(claims, new),
        type=app_type,
        redirect_uris=claims.redirect_uris,
        required_scopes=Scope(),
        optional_scopes=ceiling,
        require_pkce=True,
        status=AppStatus.ACTIVE,
        created_by=None,
        created_at=new.at,
        updated_at=new.at,
        metadata=metadata,
        origin=new.origin,
        vouched_by=new.vouched_by,
    )


def shared_client_id(app: App) -> ClientId:
    """Return the client ID that public apps with the same registration share, so that they are one app.

    Programs that register anew at every start would fill the registry otherwise (MCP C-12). It tells nothing secret:
    a public client has no secret, and who registers the same thing may have the same ID.
    """
    parts = (app.name, *app.redirect_uris, str(app.optional_scopes), app.metadata.to_json())
    return ClientId(_SHARED_PREFIX + sha256("\n".join(parts).encode()).hexdigest()[:40])


def is_shared(app: App) -> bool:
    """Tell whether whoever registers the same thing gets this app."""
    return app.client_id.startswith(_SHARED_PREFIX)


def _type_of(claims: ClientClaims) -> tuple[AppType, str | None]:
    if claims.runs_on_own_device and claims.method != PRIVATE_KEY:
        # RFC 8252 §8.5: a secret that is shipped with a program is none (threats DV-06).
        return AppType.PUBLIC, NONE
    method = claims.method
    if method is None:
        # RFC 7591 §2: client_secret_basic where nothing is said; a client that says nothing may send it either way.
        return AppType.CONFIDENTIAL, None
    if method == NONE:
        return AppType.PUBLIC, NONE
    if method not in {*SECRET_METHODS, PRIVATE_KEY}:
        known = ", ".join((*SECRET_METHODS, PRIVATE_KEY, NONE))
        raise OAuthError(
            ErrorCode.INVALID_CLIENT_METADATA, f"The member token_endpoint_auth_method must be one of: {known}."
        )
    return AppType.CONFIDENTIAL, method


def _name_of(claims: ClientClaims, new: NewApp) -> str:
    if claims.name is None:
        return new.vouched_by or next((shown_target(uri) for uri in claims.redirect_uris), "An app without a name")
    name = clean_name(claims.name)
    fault = find_name_fault(name)
    if fault is not None:
        raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, f"The member client_name cannot be shown. {fault}")
    return name
