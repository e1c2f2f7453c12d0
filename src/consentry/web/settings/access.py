"""`/settings/access`: why a credential may or may not do something, who can, and what if. Nothing here writes.

A credential is posted, so that it never stands in an address, and is not shown again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from consentry.flows.access_reach import MAY_SEE, Asked, Kind
from consentry.model.faults import Fault, InvalidInputError, NotFoundError
from consentry.model.ids import API_KEY, CONNECTION, OrganisationId
from consentry.oauth.parameters import Parameters
from consentry.web.pages import render
from consentry.web.settings.access_lists import Question, reach_lists
from consentry.web.settings.access_pages import HOME, WHO_CAN, explained_view, tabs_for
from consentry.web.settings.settings_page import settings_frame
from consentry.web.views.access import AccessPage, WhoCanPage
from consentry.web.views.connections import FilterOption
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Crumb
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.model.catalog import Catalog
    from consentry.web.views.access import ExplainedView
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

CHOICES_MOST = 200
PAGE_SIZE = 50
_TITLE = "Access"
_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_LONGEST = 256


async def show_explanation(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/access`: the form; an identifier in the address, which is no secret, is explained at once."""
    visitor = await require_visitor(request, deeds)
    asked = Parameters.from_query(request.scope["query_string"])
    named = asked.one("credential") or ""
    if named and not _is_identifier(named):
        fault = FieldError("credential", "Paste a token or key into the field: it does not belong in an address.")
        return await _explanation_page(request, deeds, visitor, errors=(fault,), status=_BAD_REQUEST)
    return await _explain(request, deeds, visitor, named, asked.one("permission"))


async def explain(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/access`: what was pasted, or else the connection or the key that was chosen, explained."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    named = (form.one("credential") or "").strip() or form.one("connection") or form.one("key") or ""
    if not named:
        fault = FieldError("credential", "Paste a credential or its ID, or choose a connection or a key.")
        return await _explanation_page(request, deeds, visitor, errors=(fault,), status=_BAD_REQUEST)
    return await _explain(request, deeds, visitor, named, form.one("permission"))


async def show_who_can(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/access/who-can`: the form, and who and what can do the permission that was chosen."""
    visitor = await require_visitor(request, deeds)
    organisation_id = where_of(visitor)
    asked = Parameters.from_query(request.scope["query_string"])
    permission, lists = asked.one("permission"), None
    errors: tuple[FieldError, ...] = ()
    if permission is None:
        require_some(visitor, organisation_id)
    else:
        question = Question(WHO_CAN, {"permission": permission}, permission)
        try:
            reach = await deeds.access_reach.who_can(visitor.acting, organisation_id, permission, part_of(asked))
            lists = reach_lists(reach, deeds.catalog, question)
        except InvalidInputError as error:
            errors = tuple(FieldError(fault.field, fault.sentence) for fault in error.faults)
    entry = None if permission is None else deeds.catalog.permissions.get(permission)
    view = WhoCanPage(
        tabs=tabs_for(visitor.acting, organisation_id, WHO_CAN),
        permissions=permission_options(deeds.catalog, permission, everything=None),
        asked="" if entry is None else f"{entry.title} ({entry.name})",
        lists=lists,
        errors=errors,
    )
    frame = settings_frame(request, deeds, visitor, "access", "Who can", Crumb(_TITLE, HOME), Crumb("Who can"), done={})
    return render("access_who_can", frame=frame, view=view, status=_BAD_REQUEST if errors else _OK)


async def _explain(request: Request, deeds: Deeds, visitor: Visitor, named: str, permission: str | None) -> Response:
    """Explain what `named` names, if anything; only an identifier goes back into the field."""
    shown = named if _is_identifier(named) else ""
    if not named:
        return await _explanation_page(request, deeds, visitor, permission=permission)
    try:
        told = await deeds.explain_access.explain(visitor.acting, named, permission)
    except NotFoundError as error:
        fault = FieldError("credential", str(error))
        return await _explanation_page(request, deeds, visitor, shown, permission, errors=(fault,), status=_NOT_FOUND)
    except InvalidInputError as error:
        errors = tuple(FieldError(fault.field, fault.sentence) for fault in error.faults)
        return await _explanation_page(request, deeds, visitor, shown, errors=errors, status=_BAD_REQUEST)
    view = explained_view(told, deeds.catalog)
    return await _explanation_page(request, deeds, visitor, shown, permission, explained=view)


async def _explanation_page(
    request: Request,
    deeds: Deeds,
    visitor: Visitor,
    shown: str = "",
    permission: str | None = None,
    *,
    errors: tuple[FieldError, ...] = (),
    explained: ExplainedView | None = None,
    status: int = _OK,
) -> Response:
    acting, organisation_id = visitor.acting, where_of(visitor)
    view = AccessPage(
        tabs=tabs_for(acting, organisation_id, HOME),
        connections=await _connections(deeds, visitor, organisation_id, shown),
        keys=await _keys(deeds, visitor, organisation_id, shown),
        permissions=permission_options(deeds.catalog, permission, everything="Every permission"),
        credential=shown,
        errors=errors,
        explained=explained,
    )
    frame = settings_frame(request, deeds, visitor, "access", _TITLE, Crumb(_TITLE), done={})
    return render("access", frame=frame, view=view, status=status)


async def _connections(
    deeds: Deeds, visitor: Visitor, organisation_id: OrganisationId, chosen: str
) -> tuple[FilterOption, ...]:
    """Return the newest connections: the organisation's for those who manage them, else one's own."""
    if visitor.acting.may(MAY_SEE[Kind.CONNECTIONS], organisation_id):
        found = await deeds.connections.list_all(visitor.acting, organisation_id, limit=CHOICES_MOST)
    else:
        found = await deeds.connections.list_own(visitor.acting, limit=CHOICES_MOST)
    options = [
        FilterOption(
            today.details.connection.id,
            f"{today.details.app_name}, {today.details.user_name}",
            today.details.connection.id == chosen,
        )
        for today in found
    ]
    return (FilterOption("", "None", not any(option.chosen for option in options)), *options)


async def _keys(
    deeds: Deeds, visitor: Visitor, organisation_id: OrganisationId, chosen: str
) -> tuple[FilterOption, ...]:
    """Return the newest keys: the organisation's for those who manage them, else one's own."""
    if visitor.acting.may(MAY_SEE[Kind.API_KEYS], organisation_id):
        found = await deeds.api_keys.list_all(visitor.acting, organisation_id, after=None, limit=CHOICES_MOST)
    else:
        found = await deeds.api_keys.list_own(visitor.acting, organisation_id, after=None, limit=CHOICES_MOST)
    options = [
        FilterOption(details.key.id, f"{details.key.name}, {details.user_name}", details.key.id == chosen)
        for details in found
    ]
    return (FilterOption("", "None", not any(option.chosen for option in options)), *options)


def where_of(visitor: Visitor) -> OrganisationId:
    """Return the organisation looked at; nothing is in it for a member of none."""
    return visitor.acting.organisation_id or OrganisationId("")


def require_some(visitor: Visitor, organisation_id: OrganisationId) -> None:
    """Return if the person may see one of the lists; raises PermissionMissingError."""
    if not any(visitor.acting.may(permission, organisation_id) for permission in MAY_SEE.values()):
        visitor.acting.require(MAY_SEE[Kind.MEMBERS], organisation_id, what="organisation")


def part_of(asked: Parameters) -> Asked:
    """Return which part of which list an address asks for; raises InvalidInputError for one that there is not."""
    only, after = asked.one("only"), asked.one("after")
    if only is None:
        return Asked(limit=PAGE_SIZE)
    if only not in set(Kind) or (after is not None and not _is_plain(after)):
        raise InvalidInputError(Fault("only", "There is no such list."))
    return Asked(Kind(only), after, PAGE_SIZE)


def permission_options(catalog: Catalog, chosen: str | None, *, everything: str | None) -> tuple[FilterOption, ...]:
    """Return the catalog's permissions to choose from, by name, after `everything`."""
    options = [
        FilterOption(entry.name, f"{entry.name}: {entry.title}", entry.name == chosen)
        for entry in sorted(catalog.permissions.values(), key=lambda entry: entry.name)
    ]
    return tuple(options) if everything is None else (FilterOption("", everything, chosen is None), *options)


def _is_identifier(text: str) -> bool:
    return text.startswith((CONNECTION, API_KEY)) and _is_plain(text)


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST and text.isascii() and text.replace("_", "").replace("-", "").isalnum()


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of the first two questions; the third is what_if's."""
    return [
        Route(HOME, partial(show_explanation, deeds=deeds), methods=["GET"]),
        Route(HOME, partial(explain, deeds=deeds), methods=["POST"]),
        Route(WHO_CAN, partial(show_who_can, deeds=deeds), methods=["GET"]),
    ]
