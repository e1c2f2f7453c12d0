"""`/settings/access/what-if`: who and what would lose or gain something by a change. Nothing here writes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from consentry.flows.access_reach import MAY_SEE, Kind
from consentry.model.faults import InvalidInputError, NotFoundError
from consentry.model.what_if import read_change
from consentry.oauth.parameters import Parameters
from consentry.web.pages import render
from consentry.web.settings.access import part_of, permission_options, where_of
from consentry.web.settings.access_lists import Question, reach_lists
from consentry.web.settings.access_pages import HOME, WHAT_IF, tabs_for
from consentry.web.settings.settings_page import settings_frame
from consentry.web.views.access import WhatIfPage
from consentry.web.views.connections import FilterOption
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Crumb
from consentry.web.visitor import require_visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.model.what_if import Change
    from consentry.web.views.access import ReachList
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

_TITLE = "What if"
_OK, _BAD_REQUEST = 200, 400
_FIELDS = ("about", "role", "how", "permission", "member", "becomes", "member_role")
_HOWS: Mapping[str, str] = {"loses": "loses", "gains": "gains"}
_BECOMES: Mapping[str, str] = {
    "loses_role": "loses the role",
    "gains_role": "gains the role",
    "suspended": "is suspended (whatever the role)",
}


async def show_what_if(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/access/what-if`: the two forms, and what the change that was chosen would do."""
    visitor = await require_visitor(request, deeds)
    acting, organisation_id = visitor.acting, where_of(visitor)
    acting.require(MAY_SEE[Kind.MEMBERS], organisation_id, what="organisation")
    query = Parameters.from_query(request.scope["query_string"])
    asked = {name: query.one(name) or "" for name in _FIELDS}
    lists, errors = None, tuple[FieldError, ...]()
    if asked["about"]:
        try:
            lists = await _lists(deeds, visitor, query, asked)
        except InvalidInputError as error:
            errors = tuple(FieldError(fault.field, fault.sentence) for fault in error.faults)
        except NotFoundError:
            errors = (FieldError("member", "No member of the organisation has that e-mail address."),)
    roles = {role.name: role.title for role in await deeds.people.roles.list(acting, organisation_id)}
    view = WhatIfPage(
        tabs=tabs_for(acting, organisation_id, WHAT_IF),
        roles=_options(roles, asked["role"]),
        permissions=permission_options(deeds.catalog, asked["permission"], everything=None),
        hows=_options(_HOWS, asked["how"]),
        member_roles=_options(roles, asked["member_role"]),
        becomes=_options(_BECOMES, asked["becomes"]),
        member=asked["member"],
        asked=_sentence(asked, roles) if lists is not None else "",
        lists=lists,
        errors=errors,
    )
    frame = settings_frame(request, deeds, visitor, "access", _TITLE, Crumb("Access", HOME), Crumb(_TITLE), done={})
    return render("access_what_if", frame=frame, view=view, status=_BAD_REQUEST if errors else _OK)


async def _lists(deeds: Deeds, visitor: Visitor, query: Parameters, asked: Mapping[str, str]) -> tuple[ReachList, ...]:
    organisation_id = where_of(visitor)
    change = await _change(deeds, visitor, asked)
    reach = await deeds.access_reach.what_if(visitor.acting, organisation_id, change, part_of(query))
    fields = {name: value for name, value in asked.items() if value}
    return reach_lists(reach, deeds.catalog, Question(WHAT_IF, fields))


async def _change(deeds: Deeds, visitor: Visitor, asked: Mapping[str, str]) -> Change:
    """Return the change that was chosen. Raises InvalidInputError, and NotFoundError for somebody who is no member."""
    if asked["about"] == "role":
        permission = asked["permission"] or None
        return read_change(
            role=asked["role"] or None,
            loses=permission if asked["how"] == "loses" else None,
            gains=permission if asked["how"] == "gains" else None,
        )
    user_id = await deeds.access_reach.member_of(visitor.acting, where_of(visitor), asked["member"])
    role = asked["member_role"] or None
    return read_change(
        user_id=user_id,
        loses_role=role if asked["becomes"] == "loses_role" else None,
        gains_role=role if asked["becomes"] == "gains_role" else None,
        suspended=asked["becomes"] == "suspended",
    )


def _sentence(asked: Mapping[str, str], roles: Mapping[str, str]) -> str:
    if asked["about"] == "role":
        return f"If the role {roles.get(asked['role'], asked['role'])} {asked['how']} {asked['permission']}"
    if asked["becomes"] == "suspended":
        return f"If {asked['member']} is suspended"
    verb = "loses" if asked["becomes"] == "loses_role" else "gains"
    return f"If {asked['member']} {verb} the role {roles.get(asked['member_role'], asked['member_role'])}"


def _options(choices: Mapping[str, str], chosen: str) -> tuple[FilterOption, ...]:
    return tuple(FilterOption(value, label, value == chosen) for value, label in choices.items())


def routes(deeds: Deeds) -> list[Route]:
    """Return the route of the page."""
    return [Route(WHAT_IF, partial(show_what_if, deeds=deeds), methods=["GET"])]
