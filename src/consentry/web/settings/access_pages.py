"""How explanations are put into words on the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.flows.access_reach import MAY_SEE, Kind
from consentry.model.access import Refused
from consentry.model.explanation import ExplainedKind, PartKind, PartState
from consentry.web.views.access import ExplainedView, PartRow, PermissionRow, Tab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consentry.model.acting import Acting
    from consentry.model.catalog import Catalog
    from consentry.model.explanation import Explanation, Part, PermissionExplained
    from consentry.model.ids import OrganisationId

HOME = "/settings/access"
WHO_CAN = f"{HOME}/who-can"
WHAT_IF = f"{HOME}/what-if"

_PARTS: Mapping[PartKind, str] = {
    PartKind.ACCESS_TOKEN: "Access token",
    PartKind.SIGN_IN: "Its sign-in",
    PartKind.CONNECTION: "Connection",
    PartKind.API_KEY: "API key",
    PartKind.APP: "App",
    PartKind.MEMBER: "Member",
    PartKind.USER: "User",
    PartKind.ORGANISATION: "Organisation",
}
_HEADINGS: Mapping[ExplainedKind, str] = {
    ExplainedKind.ACCESS_TOKEN: "An access token of {app}, for {user}",
    ExplainedKind.CONNECTION: "The connection of {user} with {app}",
    ExplainedKind.API_KEY: "The API key {key} of {user}",
}


def tabs_for(acting: Acting, organisation_id: OrganisationId, current: str) -> tuple[Tab, ...]:
    """Return the questions that the one who acts may ask."""
    sees_some = any(acting.may(permission, organisation_id) for permission in MAY_SEE.values())
    entries = (
        ("Explain a credential", HOME, True),
        ("Who can", WHO_CAN, sees_some),
        ("What if", WHAT_IF, acting.may(MAY_SEE[Kind.MEMBERS], organisation_id)),
    )
    return tuple(Tab(label, href, href == current) for label, href, may in entries if may)


def explained_view(told: Explanation, catalog: Catalog) -> ExplainedView:
    """Return an explanation as the page shows it."""
    names = {part.kind: part.name for part in told.parts}
    heading = "This text"
    if told.kind is not None:
        heading = _HEADINGS[told.kind].format(
            app=names.get(PartKind.APP, ""), user=names[PartKind.MEMBER], key=names.get(PartKind.API_KEY, "")
        )
    return ExplainedView(
        heading=heading,
        works=told.refused is None,
        sentence=_overall(told),
        code="" if told.refused is None else told.refused.reason.value,
        side="Key" if told.kind is ExplainedKind.API_KEY else "Scope",
        parts=tuple(_part_row(part) for part in told.parts),
        permissions=tuple(_permission_row(one, told, catalog) for one in told.permissions),
        notes=_notes(told),
    )


def _overall(told: Explanation) -> str:
    if told.refused is not None:
        return told.refused.sentence
    allowed = sum(one.is_allowed for one in told.permissions)
    if len(told.permissions) == 1:
        return "It may do this now." if allowed else "It is active, but may not do this."
    return f"It is active, and may do {allowed} of {len(told.permissions)} things now."


def _notes(told: Explanation) -> tuple[str, ...]:
    notes = []
    if told.allowed_networks:
        notes.append(f"It may be used from {', '.join(told.allowed_networks)} only.")
    if told.resource is not None:
        notes.append(f"It was issued for {told.resource} only.")
    if told.tuned:
        notes.append("The member's permissions were set one by one, in place of those of their roles.")
    return tuple(notes)


def _part_row(part: Part) -> PartRow:
    active = part.state is PartState.ACTIVE
    return PartRow(_PARTS[part.kind], part.name, part.state.value.capitalize(), active, part.since)


def _permission_row(one: PermissionExplained, told: Explanation, catalog: Catalog) -> PermissionRow:
    refused = one.verdict if isinstance(one.verdict, Refused) else None
    # What stops everything is said once, above; in a table of many, both sides beside the code say enough.
    said_elsewhere = told.refused is not None or len(told.permissions) > 1
    reason = "" if refused is None or said_elsewhere else refused.sentence
    return PermissionRow(
        title=one.entry.title,
        name=one.entry.name,
        allowed=one.is_allowed,
        reason=reason,
        code="" if refused is None else refused.reason.value,
        given_by=one.covered_by,
        given_note=_given_note(one),
        held=one.held,
        roles=role_titles(one.roles, catalog),
        held_note="Tuned for the member" if one.held else "Not held",
    )


def _given_note(one: PermissionExplained) -> str:
    if one.in_key is not None:
        return "In the key" if one.in_key else "Not in the key"
    if one.covered_by:
        return ""
    if one.given_up:
        return f"{one.given_up[0]} was approved, but is the app's no more"
    if one.not_in_token:
        return f"{one.not_in_token[0]} is approved, but not in this token"
    if one.would_cover:
        return f"Not approved; {one.would_cover[0]} would cover it"
    return "The app may ask for no scope that covers it"


def role_titles(names: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the titles of these roles: a role of the organisation's own has none but its name."""
    return tuple(catalog.roles[name].title if name in catalog.roles else name for name in names)
