"""`/settings/connections`: one's own connections, a link to each, and all those of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.model.faults import NotFoundError
from consentry.model.ids import CONNECTION, ClientId, ConnectionId, UserId
from consentry.web.pages import render
from consentry.web.settings import connection_pages, key_pages
from consentry.web.settings.settings_page import chosen_action, settings_frame
from consentry.web.settings.unverified_apps import DONE_UNVERIFIED, said_of_unverified
from consentry.web.views.connections import AllConnectionsPage, ConnectionPage, ConnectionsPage, FilterOption
from consentry.web.views.frame import Crumb, Notice
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.ports.connections import Named
    from consentry.web.views.frame import Frame, SettingsSection
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

PAGE_SIZE = 50
OWN_MOST = 200
_LIST = connection_pages.LIST
_ALL = f"{_LIST}/all"
_TITLE, _TITLE_ALL = "My connections", "All connections"
_SEE_OTHER = 303

_DONE: Mapping[str, Notice] = {
    "disconnected": Notice("Disconnected. Nothing that the app was given works any more."),
    "none": Notice("You have no connection to that app.", "warning"),
    **DONE_UNVERIFIED,
}
"""What the page that follows says; the address carries only the word."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request of a signed-in person."""

    request: Request
    deeds: Deeds
    visitor: Visitor

    def frame(self, section: SettingsSection, title: str, *crumbs: Crumb) -> Frame:
        return settings_frame(self.request, self.deeds, self.visitor, section, title, *crumbs, done=_DONE)

    async def end_chosen(self) -> ConnectionId:
        """End the connection that the posted form names; when this returns, nothing under it works."""
        form = await read_checked_form(self.request, self.deeds, self.visitor)
        end = chosen_action(form, {"disconnect": self.deeds.connections.end})
        connection_id = ConnectionId(form.one("connection") or "")
        await end(self.visitor.acting, connection_id)
        return connection_id


async def list_own(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/connections`: one's own, and one's API keys beside them; `?app=` leads to those of one app."""
    visit = await _visit(request, deeds)
    app = request.query_params.get("app")
    if app:
        return await _go_to_app(visit, ClientId(app))
    after = request.query_params.get("after")
    found = await deeds.connections.list_own(
        visit.visitor.acting, after=ConnectionId(after) if after else None, limit=OWN_MOST + 1
    )
    keys = () if after else await deeds.api_keys.list_own(visit.visitor.acting, after=None, limit=OWN_MOST)
    now = deeds.clock.now()
    shown = found[:OWN_MOST]
    cards = [connection_pages.card_of(today, product=deeds.settings.product_name) for today in shown]
    view = ConnectionsPage(
        active=tuple(card for card in cards if card.ended_at is None),
        ended=tuple(card for card in cards if card.ended_at is not None),
        keys=tuple(key_pages.beside_of(details, now) for details in keys if details.key.revoked_at is None),
        next_href=f"{_LIST}?{urlencode({'after': cards[-1].id})}" if len(found) > OWN_MOST else None,
        newest_href=_LIST if after else None,
    )
    return render("connections", frame=visit.frame("connections", _TITLE, Crumb(_TITLE)), view=view)


async def end_own(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/connections`: disconnect, then show since when it has been off."""
    visit = await _visit(request, deeds)
    connection_id = await visit.end_chosen()
    return RedirectResponse(f"{_LIST}/{connection_id}?{urlencode({'done': 'disconnected'})}", _SEE_OTHER)


async def show_one(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/connections/{id}`: one connection; with an app's client ID, the link that its developer gives."""
    visit = await _visit(request, deeds)
    named = request.path_params["connection_id"]
    if not named.startswith(CONNECTION):
        return await _go_to_app(visit, ClientId(named))
    today = await deeds.connections.get(visit.visitor.acting, ConnectionId(named))
    if today.details.connection.user_id != visit.visitor.user.id:
        # The page speaks to the one who connected; administrators have the list of all.
        raise NotFoundError("connection")
    card = connection_pages.card_of(today, product=deeds.settings.product_name)
    frame = visit.frame("connections", card.app, Crumb(_TITLE, _LIST), Crumb(card.app))
    return render("connection", frame=frame, view=ConnectionPage(card))


async def list_all(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/connections/all`: those of the organisation, filtered by app, user and status."""
    visit = await _visit(request, deeds)
    acting, query = visit.visitor.acting, request.query_params
    organisation_id = acting.organisation_id
    if organisation_id is None:
        raise NotFoundError("organisation")
    app, user, include_ended = query.get("app", ""), query.get("user", ""), query.get("status") == "all"
    after = query.get("after")
    found = await deeds.connections.list_all(
        acting,
        organisation_id,
        client_id=ClientId(app) if app else None,
        user_id=UserId(user) if user else None,
        include_ended=include_ended,
        after=ConnectionId(after) if after else None,
        limit=PAGE_SIZE + 1,
    )
    apps, users = await deeds.connections.find_choices(acting, organisation_id)
    shown = found[:PAGE_SIZE]
    chosen = {"app": app, "user": user, "status": "all" if include_ended else "active"}
    next_href = None
    if len(found) > PAGE_SIZE:
        next_href = f"{_ALL}?{urlencode({**chosen, 'after': shown[-1].details.connection.id})}"
    view = AllConnectionsPage(
        connections=tuple(connection_pages.row_of(today) for today in shown),
        apps=_options("Every app", apps, app),
        users=_options("Every user", users, user),
        include_ended=include_ended,
        next_href=next_href,
        newest_href=f"{_ALL}?{urlencode(chosen)}" if after else None,
        unverified_apps=said_of_unverified(deeds, visit.visitor),
    )
    return render("all_connections", frame=visit.frame("all_connections", _TITLE_ALL, Crumb(_TITLE_ALL)), view=view)


async def end_any(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/connections/all`: disconnect on behalf of the organisation."""
    visit = await _visit(request, deeds)
    await visit.end_chosen()
    return RedirectResponse(f"{_ALL}?{urlencode({'done': 'disconnected'})}", _SEE_OTHER)


async def _go_to_app(visit: _Visit, client_id: ClientId) -> Response:
    """Lead to the newest connection to the app, a live one before an ended one, or say that there is none."""
    found = await visit.deeds.connections.list_own(visit.visitor.acting, client_id=client_id)
    by_life = sorted(found, key=lambda today: not today.details.connection.is_live)
    if not by_life:
        return RedirectResponse(f"{_LIST}?{urlencode({'done': 'none'})}", _SEE_OTHER)
    return RedirectResponse(connection_pages.href_of(by_life[0].details.connection), _SEE_OTHER)


def _options(everything: str, choices: Iterable[Named], chosen: str) -> tuple[FilterOption, ...]:
    options = [FilterOption(choice.id, choice.name, choice.id == chosen) for choice in choices]
    return (FilterOption("", everything, not chosen), *options)


async def _visit(request: Request, deeds: Deeds) -> _Visit:
    return _Visit(request, deeds, await require_visitor(request, deeds))


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route(_LIST, partial(list_own, deeds=deeds), methods=["GET"]),
        Route(_LIST, partial(end_own, deeds=deeds), methods=["POST"]),
        Route(_ALL, partial(list_all, deeds=deeds), methods=["GET"]),
        Route(_ALL, partial(end_any, deeds=deeds), methods=["POST"]),
        Route(f"{_LIST}/{{connection_id}}", partial(show_one, deeds=deeds), methods=["GET"]),
    ]
