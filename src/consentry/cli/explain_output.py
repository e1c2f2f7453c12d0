"""Explanations for a person to read in a terminal, or as JSON."""

from typing import TYPE_CHECKING

import typer

from consentry.cli.output import show
from consentry.cli.shown_values import Item, Scalar
from consentry.json_explanations import explanation_object, reach_object
from consentry.model.access import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consentry.flows.access_reach import Found, Reach
    from consentry.model.explanation import Explanation, PermissionExplained
    from consentry.ports.explanations import ConnectionInSight, KeyInSight, MemberInSight


def show_explanation(told: "Explanation", *, as_json: bool) -> None:
    """Write an explanation: what was explained, what it hangs on, and each permission."""
    if as_json:
        show(explanation_object(told), as_json=True)
        return
    works = "yes" if told.refused is None else f"no, {told.refused.reason}: {told.refused.sentence}"
    if told.kind is None:
        show({"works": works}, as_json=False)
        return
    roles = "none count: the permissions were tuned" if told.tuned else ", ".join(told.roles)
    item: dict[str, Scalar | Sequence[Scalar]] = {
        "explained": told.kind.value.replace("_", " "),
        "ID": told.id,
        "works": works,
        "member's roles": roles,
    }
    if told.allowed_networks:
        item["allowed networks"] = list(told.allowed_networks)
    if told.resource is not None:
        item["issued for"] = told.resource
    show(item, as_json=False)
    typer.echo()
    show(
        [
            {
                "hangs on": part.kind.value.replace("_", " "),
                "name": part.name,
                "state": part.state.value,
                "since": part.since,
            }
            for part in told.parts
        ],
        as_json=False,
    )
    typer.echo()
    show([_row(one, tuned=told.tuned) for one in told.permissions], as_json=False)


def show_reach(reach: "Reach", *, as_json: bool) -> None:
    """Write the lists of who and what is concerned."""
    if as_json:
        show(reach_object(reach), as_json=True)
        return
    for title, rows in (
        ("Members", [_member(one) for one in reach.members.found] if reach.members else None),
        ("Connections", [_connection(one) for one in reach.connections.found] if reach.connections else None),
        ("API keys", [_key(one) for one in reach.api_keys.found] if reach.api_keys else None),
    ):
        if rows is not None:
            typer.echo(f"{title}: {len(rows)}")
            if rows:
                show(rows, as_json=False)
            typer.echo()


def _row(one: "PermissionExplained", *, tuned: bool) -> Item:
    reason = one.verdict.reason.value if isinstance(one.verdict, Refused) else ""
    side = {"in key": bool(one.in_key)} if one.in_key is not None else {"scopes": _scopes(one)}
    held = ", ".join(one.roles) or ("tuned" if tuned and one.held else "")
    return {"permission": one.entry.name, "allowed": one.is_allowed, "why not": reason, **side, "member through": held}


def _scopes(one: "PermissionExplained") -> str:
    said = [*one.covered_by, *(f"{name} (the app gave it up)" for name in one.given_up)]
    said += [f"{name} (not in this token)" for name in one.not_in_token]
    if said:
        return ", ".join(said)
    return f"none; {one.would_cover[0]} would" if one.would_cover else "the app may ask for none"


def _member(found: "Found[MemberInSight]") -> Item:
    return {"user": found.one.email, "name": found.one.name, **_about(found, "through roles", "tuned")}


def _connection(found: "Found[ConnectionInSight]") -> Item:
    seen = found.one
    return {
        "id": seen.connection.id,
        "app": seen.connection.app_name,
        "user": seen.names.user_email,
        **_about(found, "through scopes", ""),
    }


def _key(found: "Found[KeyInSight]") -> Item:
    seen = found.one
    about = {} if found.difference is None else _about(found, "", "")
    return {"id": seen.key.id, "name": seen.key.name, "user": seen.names.user_email, **about}


def _about(
    found: "Found[MemberInSight] | Found[ConnectionInSight] | Found[KeyInSight]", through: str, otherwise: str
) -> Item:
    if found.difference is None:
        return {through: ", ".join(found.through) or otherwise}
    return {"loses": sorted(found.difference.lost), "gains": sorted(found.difference.gained)}
