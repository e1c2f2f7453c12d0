"""Explanations as JSON shows them, the same at every door. No field holds the text of a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consentry.model.access import Refused
from consentry.model.explanation import ExplainedKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentry.flows.access_reach import Found, Reach, Slice
    from consentry.model.explanation import Explanation, Part, PermissionExplained
    from consentry.ports.explanations import ConnectionInSight, KeyInSight, MemberInSight


def explanation_object(told: Explanation) -> dict[str, Any]:
    """Return the fields of an explanation."""
    is_key = told.kind is ExplainedKind.API_KEY
    return {
        "kind": None if told.kind is None else told.kind.value,
        "connection": None if is_key else told.id,
        "api_key": told.id if is_key else None,
        "organisation": told.organisation_id,
        "user": told.user_id,
        "client_id": told.client_id,
        "resource": told.resource,
        "allowed_networks": list(told.allowed_networks),
        "roles": list(told.roles),
        "tuned": told.tuned,
        "works": told.refused is None,
        "reason": None if told.refused is None else told.refused.reason.value,
        "explanation": None if told.refused is None else told.refused.sentence,
        "parts": [_part(part) for part in told.parts],
        "permissions": [_permission(one) for one in told.permissions],
    }


def reach_object(reach: Reach) -> dict[str, Any]:
    """Return the fields of the lists; a list that was not asked for, or may not be seen, is null."""
    return {
        "members": _slice(reach.members, _member),
        "connections": _slice(reach.connections, _connection),
        "api_keys": _slice(reach.api_keys, _key),
        "withheld": [kind.value for kind in reach.withheld],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"part": part.kind.value, "name": part.name, "state": part.state.value, "since": part.since}


def _permission(one: PermissionExplained) -> dict[str, Any]:
    refused = one.verdict if isinstance(one.verdict, Refused) else None
    return {
        "permission": one.entry.name,
        "title": one.entry.title,
        "allowed": one.is_allowed,
        "reason": None if refused is None else refused.reason.value,
        "explanation": None if refused is None else refused.sentence,
        "covered_by": list(one.covered_by),
        "given_up": list(one.given_up),
        "not_in_token": list(one.not_in_token),
        "would_cover": list(one.would_cover),
        "in_key": one.in_key,
        "held": one.held,
        "roles": list(one.roles),
    }


def _slice(part: Slice[Any] | None, shown: Callable[[Any], dict[str, Any]]) -> dict[str, Any] | None:
    if part is None:
        return None
    return {"data": [shown(found) | _difference(found) for found in part.found], "next": part.next}


def _difference(found: Found[Any]) -> dict[str, Any]:
    if found.difference is None:
        return {"through": list(found.through)}
    return {"loses": sorted(found.difference.lost), "gains": sorted(found.difference.gained)}


def _member(found: Found[MemberInSight]) -> dict[str, Any]:
    seen = found.one
    return {"user": seen.holder.user_id, "name": seen.name, "email": seen.email}


def _connection(found: Found[ConnectionInSight]) -> dict[str, Any]:
    connection, names = found.one.connection, found.one.names
    return {
        "connection": connection.id,
        "client_id": connection.client_id,
        "app_name": connection.app_name,
        "user": found.one.holder.user_id,
        "email": names.user_email,
    }


def _key(found: Found[KeyInSight]) -> dict[str, Any]:
    key, names = found.one.key, found.one.names
    return {"api_key": key.id, "name": key.name, "user": key.holder.user_id, "email": names.user_email}
