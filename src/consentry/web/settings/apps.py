"""`/settings/apps`: the list of apps, registering one, and each app's own page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.model.app import AppType
from consentry.model.app_draft import AppChange, find_draft_faults
from consentry.model.faults import ConflictError, Fault, InvalidInputError
from consentry.model.ids import ClientId
from consentry.model.member_change import MEMBER_MANAGE
from consentry.web.pages import render
from consentry.web.settings import app_pages
from consentry.web.settings.app_form import empty_form, form_again, read_app_form
from consentry.web.settings.protocol_form import protocol_form_again, read_protocol_form
from consentry.web.settings.settings_page import chosen_action, settings_frame
from consentry.web.views.apps import AppListPage, AppNewPage, AppPage, AppSecretPage
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Crumb, Notice
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.model.app import App
    from consentry.oauth.parameters import Parameters
    from consentry.web.views.app_protocol import ActingCard
    from consentry.web.views.frame import Frame
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

PAGE_SIZE = 50
_LIST = "/settings/apps"
_SEE_OTHER = 303
_BAD_REQUEST = 400
_CONFLICT = 409

_DONE: Mapping[str, Notice] = {
    "saved": Notice("The app was changed."),
    "acting": Notice("The app may act for the organisation by itself."),
    "stopped": Notice("The app acts by itself no more. Its own tokens are refused from now on."),
    "retired": Notice("The secret is retired."),
    "scheduled": Notice("The secret will stop working at the time shown."),
    "deactivated": Notice("The app is deactivated. Its tokens are refused from now on."),
    "reactivated": Notice("The app is active again."),
    "deleted": Notice("The app and its connections are gone."),
}
"""What the page that follows a deed says; the address carries only the word."""

_OVERLAPS: Mapping[str, timedelta] = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request of a signed-in person, to one app where the address names one."""

    request: Request
    deeds: Deeds
    visitor: Visitor
    client_id: str

    def frame(self, title: str, *crumbs: Crumb) -> Frame:
        return settings_frame(self.request, self.deeds, self.visitor, "apps", title, *crumbs, done=_DONE)

    async def page(self) -> AppPage:
        acting = self.visitor.acting
        details = await self.deeds.app_registry.get_details(acting, self.client_id)
        return app_pages.page_of(
            details,
            self.deeds.catalog,
            issuer=self.deeds.settings.issuer,
            secrets_most=self.deeds.app_secrets.most,
            acting=None if details.app.is_public else await self._acting_card(details.app),
        )

    async def _acting_card(self, app: App) -> ActingCard:
        acting, members = self.visitor.acting, self.deeds.services.members
        may_allow = acting.may(MEMBER_MANAGE, app.organisation_id)
        connection = await members.find(acting, app.client_id)
        return app_pages.acting_card(app, connection, self.deeds.catalog, may_allow=may_allow)

    def show(self, page: AppPage, *, status: int = 200) -> Response:
        frame = self.frame(page.name, Crumb("Connected apps", _LIST), Crumb(page.name))
        return render("app", frame=frame, view=page, status=status)

    def go_back(self, done: str) -> Response:
        return RedirectResponse(f"{_LIST}/{self.client_id}?{urlencode({'done': done})}", _SEE_OTHER)


async def list_apps(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/apps`: the organisation's apps, by the time of their registration."""
    visit = await _visit(request, deeds)
    after = request.query_params.get("after")
    deeds.app_registry.require_manager(visit.visitor.acting)
    found = await deeds.app_registry.page(
        visit.visitor.acting, after=ClientId(after) if after else None, limit=PAGE_SIZE + 1
    )
    shown = found[:PAGE_SIZE]
    more = f"{_LIST}?{urlencode({'after': shown[-1].client_id})}" if len(found) > PAGE_SIZE else None
    view = AppListPage(tuple(app_pages.row_of(app) for app in shown), more, _LIST if after else None)
    return render("apps", frame=visit.frame("Connected apps", Crumb("Connected apps")), view=view)


async def show_new(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/apps/new`: the empty form."""
    visit = await _visit(request, deeds)
    deeds.app_registry.require_manager(visit.visitor.acting)
    return _show_form(visit, AppNewPage(empty_form(deeds.catalog)))


async def register(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/apps/new`: register, and answer with the secret, which no other page will ever show."""
    visit = await _visit(request, deeds)
    form = await read_checked_form(request, deeds, visit.visitor)
    typed = read_app_form(form)
    deeds.app_registry.require_manager(visit.visitor.acting)
    if typed.type is None:
        faults = [
            *find_draft_faults(typed.to_draft(AppType.CONFIDENTIAL), deeds.catalog),
            Fault("type", "Choose whether the app can keep a secret."),
        ]
        return _show_form(visit, AppNewPage(form_again(typed, deeds.catalog, faults)), status=_BAD_REQUEST)
    try:
        registered = await deeds.app_registry.register(visit.visitor.acting, typed.to_draft(typed.type))
    except InvalidInputError as error:
        return _show_form(visit, AppNewPage(form_again(typed, deeds.catalog, error.faults)), status=_BAD_REQUEST)
    frame = visit.frame(registered.app.name, Crumb("Connected apps", _LIST), Crumb(registered.app.name))
    view = app_pages.registered_page(registered, issuer=deeds.settings.issuer)
    return render("app_registered", frame=frame, view=view)


async def show_app(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/apps/{client_id}`: the app's own page."""
    visit = await _visit(request, deeds)
    return visit.show(await visit.page())


async def act_on_app(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/apps/{client_id}`: what the page's button `action` asks."""
    visit = await _visit(request, deeds)
    form = await read_checked_form(request, deeds, visit.visitor)
    return await chosen_action(form, _ACTIONS)(visit, form)


async def _save(visit: _Visit, form: Parameters) -> Response:
    typed = read_app_form(form)
    try:
        await visit.deeds.app_registry.edit(visit.visitor.acting, visit.client_id, typed.to_change())
    except InvalidInputError as error:
        page = await visit.page()
        again = form_again(typed, visit.deeds.catalog, error.faults)
        return visit.show(replace(page, form=again), status=_BAD_REQUEST)
    return visit.go_back("saved")


async def _save_protocol(visit: _Visit, form: Parameters) -> Response:
    registry, acting = visit.deeds.app_registry, visit.visitor.acting
    typed = read_protocol_form(form, await registry.get(acting, visit.client_id))
    try:
        await registry.edit(acting, visit.client_id, AppChange(metadata=typed.members))
    except InvalidInputError as error:
        page, app = await visit.page(), await registry.get(acting, visit.client_id)
        again = protocol_form_again(typed, app, error.faults)
        return visit.show(replace(page, protocol=again), status=_BAD_REQUEST)
    return visit.go_back("saved")


async def _allow_acting(visit: _Visit, _form: Parameters) -> Response:
    try:
        await visit.deeds.services.members.allow(visit.visitor.acting, visit.client_id)
    except InvalidInputError as error:
        errors = tuple(FieldError("acting", fault.sentence) for fault in error.faults)
        return visit.show(replace(await visit.page(), errors=errors), status=_BAD_REQUEST)
    return visit.go_back("acting")


async def _stop_acting(visit: _Visit, _form: Parameters) -> Response:
    await visit.deeds.services.members.stop(visit.visitor.acting, visit.client_id)
    return visit.go_back("stopped")


async def _add_secret(visit: _Visit, _form: Parameters) -> Response:
    app = await visit.deeds.app_registry.get(visit.visitor.acting, visit.client_id)
    try:
        added = await visit.deeds.app_secrets.add(visit.visitor.acting, visit.client_id)
    except ConflictError as error:
        page = await visit.page()
        return visit.show(replace(page, errors=(FieldError("secrets", str(error)),)), status=_CONFLICT)
    frame = visit.frame(app.name, Crumb("Connected apps", _LIST), Crumb(app.name, f"{_LIST}/{app.client_id}"))
    view = AppSecretPage(app.name, app.client_id, added.client_secret.reveal())
    return render("app_secret", frame=frame, view=view)


async def _retire_secret(visit: _Visit, form: Parameters) -> Response:
    when = form.one("when") or "now"
    if when != "now" and when not in _OVERLAPS:
        raise InvalidInputError(Fault("when", "Choose when to retire the secret."))
    expires_at = None if when == "now" else visit.deeds.clock.now() + _OVERLAPS[when]
    await visit.deeds.app_secrets.retire(
        visit.visitor.acting, visit.client_id, form.one("secret") or "", expires_at=expires_at
    )
    return visit.go_back("retired" if expires_at is None else "scheduled")


async def _test_redirect_uri(visit: _Visit, form: Parameters) -> Response:
    uri = form.one("uri")
    page = await visit.page()
    if uri is None:
        error = FieldError("uri", "Enter the address that the app sends.")
        return visit.show(replace(page, errors=(error,)), status=_BAD_REQUEST)
    trial = await visit.deeds.app_registry.try_redirect_uri(visit.visitor.acting, visit.client_id, uri)
    return visit.show(replace(page, redirect_test=app_pages.redirect_test_of(trial)))


async def _deactivate(visit: _Visit, _form: Parameters) -> Response:
    await visit.deeds.app_registry.deactivate(visit.visitor.acting, visit.client_id)
    return visit.go_back("deactivated")


async def _reactivate(visit: _Visit, _form: Parameters) -> Response:
    await visit.deeds.app_registry.reactivate(visit.visitor.acting, visit.client_id)
    return visit.go_back("reactivated")


async def _delete(visit: _Visit, form: Parameters) -> Response:
    typed = form.one("confirm_name") or ""
    try:
        await visit.deeds.app_registry.delete(visit.visitor.acting, visit.client_id, confirm_name=typed)
    except InvalidInputError as error:
        page = await visit.page()
        errors = tuple(FieldError(fault.field, fault.sentence) for fault in error.faults)
        return visit.show(replace(page, errors=errors), status=_BAD_REQUEST)
    return RedirectResponse(f"{_LIST}?{urlencode({'done': 'deleted'})}", _SEE_OTHER)


_ACTIONS: Mapping[str, Callable[[_Visit, Parameters], Awaitable[Response]]] = {
    "save": _save,
    "save_protocol": _save_protocol,
    "allow_acting": _allow_acting,
    "stop_acting": _stop_acting,
    "add_secret": _add_secret,
    "retire_secret": _retire_secret,
    "test_redirect_uri": _test_redirect_uri,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "delete": _delete,
}


async def _visit(request: Request, deeds: Deeds) -> _Visit:
    visitor = await require_visitor(request, deeds)
    return _Visit(request, deeds, visitor, request.path_params.get("client_id", ""))


def _show_form(visit: _Visit, view: AppNewPage, *, status: int = 200) -> Response:
    frame = visit.frame("Register app", Crumb("Connected apps", _LIST), Crumb("Register app"))
    return render("app_new", frame=frame, view=view, status=status)


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route(_LIST, partial(list_apps, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/new", partial(show_new, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/new", partial(register, deeds=deeds), methods=["POST"]),
        Route(f"{_LIST}/{{client_id}}", partial(show_app, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/{{client_id}}", partial(act_on_app, deeds=deeds), methods=["POST"]),
    ]
