"""Things as JSON shows them, the same at every door. Times stay datetimes: what writes the JSON writes RFC 3339."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from consentry.model.api_key import key_status, shown_prefix
from consentry.model.app_metadata import MEMBERS

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.model.api_key import ApiKeyDetails
    from consentry.model.app import App, AppSecret
    from consentry.model.connection_today import ConnectionToday
    from consentry.model.organisation import Organisation, ResourceServer, User
    from consentry.oauth.client_metadata import ClientMetadata


def app_object(app: App) -> dict[str, Any]:
    """Return the fields of an app."""
    return {
        "id": app.id,
        "client_id": app.client_id,
        "name": app.name,
        "type": app.type.value,
        "redirect_uris": list(app.redirect_uris),
        "scopes": list(app.required_scopes),
        "optional_scopes": list(app.optional_scopes),
        "require_pkce": app.require_pkce,
        "status": app.status.value,
        "organisation": app.organisation_id,
        "created_at": app.created_at,
        "updated_at": app.updated_at,
        "created_by": app.created_by,
        "origin": app.origin.value,
        "vouched_by": app.vouched_by,
        **metadata_object(app.metadata),
    }


def metadata_object(metadata: ClientMetadata) -> dict[str, Any]:
    """Return the members of RFC 7591 that an administrator may set, those with their default value included."""
    members = {name: getattr(metadata, name) for name in MEMBERS}
    shown = {name: list(value) if isinstance(value, tuple) else value for name, value in members.items()}
    return {**shown, "jwks": None if metadata.jwks is None else json.loads(metadata.jwks)}


def app_secret_object(secret: AppSecret) -> dict[str, Any]:
    """Return the fields of a client secret; never its text."""
    return {
        "id": secret.id,
        "hint": secret.hint,
        "created_at": secret.created_at,
        "last_used_at": secret.last_used_at,
        "expires_at": secret.expires_at,
    }


def api_key_object(details: ApiKeyDetails, now: datetime) -> dict[str, Any]:
    """Return the fields of an API key as it stands now; never its text."""
    key = details.key
    return {
        "id": key.id,
        "name": key.name,
        "prefix": shown_prefix(key),
        "permissions": sorted(key.permissions),
        "allowed_networks": list(key.allowed_networks),
        "organisation": key.organisation_id,
        "user": key.user_id,
        "user_email": details.user_email,
        "status": key_status(key, now),
        "created_at": key.created_at,
        "updated_at": key.updated_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_from": key.last_used_from,
        "previous_expires_at": key.previous_expires_at,
        "revoked_at": key.revoked_at,
        "revoked_by": key.revoked_by,
    }


def connection_object(today: ConnectionToday) -> dict[str, Any]:
    """Return the fields of a connection but its scopes, of which each door tells as much as it has room for."""
    details, connection = today.details, today.details.connection
    return {
        "id": connection.id,
        "organisation": connection.organisation_id,
        "user": connection.user_id,
        "user_email": details.user_email,
        "client_id": details.client_id,
        "app_name": details.app_name,
        "declined_scopes": list(connection.declined_scopes),
        "paused": today.paused,
        "created_at": connection.created_at,
        "updated_at": connection.updated_at,
        "first_used_at": connection.first_used_at,
        "last_used_at": connection.last_used_at,
        "ended_at": connection.ended_at,
        "ended_by": connection.ended_by,
    }


def organisation_object(organisation: Organisation) -> dict[str, Any]:
    """Return the fields of an organisation."""
    return {
        "id": organisation.id,
        "name": organisation.name,
        "standing": organisation.standing.value,
        "unverified_apps": organisation.unverified_apps.value,
        "created_at": organisation.created_at,
    }


def user_object(user: User) -> dict[str, Any]:
    """Return the fields of a user."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "standing": user.standing.value,
        "created_at": user.created_at,
    }


def resource_object(resource: ResourceServer) -> dict[str, Any]:
    """Return the fields of a registered product API; never its secret."""
    return {
        "id": resource.id,
        "client_id": resource.client_id,
        "name": resource.name,
        "identifier": resource.identifier,
        "created_at": resource.created_at,
    }
