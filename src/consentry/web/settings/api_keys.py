"""`/settings/api-keys`: the list of keys, making one, and each key's own page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.flows.api_keys import CREATE, MANAGE
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import ApiKeyId
from consentry.web.pages import render
from consentry.web.settings import key_pages
from consentry.web.settings.key_form import (
    TypedKey,
    field_errors,
    find_read_permissions,
    groups_of_key,
    new_page,
    read_key_form,
)
from consentry.web.settings.settings_page import chosen_action, settings_frame
from consentry.web.views.api_keys import KeyListPage, KeyNewPage, KeyPage
from consentry.web.views.frame import Crumb, Notice
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.model.acting import Acting
    from consentry.model.api_key import ShownKey
    from consentry.oauth.parameters import Parameters
    from consentry.web.views.frame import Frame
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

PAGE_SIZE = 50
_LIST = key_pages.LIST
_TITLE = "API keys"
_SEE_OTHER = 303
_BAD_REQUEST = 400
_EMPTY = TypedKey("", (), "1y", "", "")

_DONE: Mapping[str, Notice] = {
    "saved": Notice("The key was changed."),
    "revoked": Notice("The key is revoked. It is refused from now on."),
}
"""What the page that follows a deed says; the address carries only the word."""

_OVERLAPS: Mapping[str, timedelta] = {"none": timedelta(), "1d": timedelta(days=1), "7d": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request of a signed-in person, to one key where the address names one."""

    request: Request
    deeds: Deeds
    visitor: Visitor
    key_id: ApiKeyId

    @property
    def acting(self) -> Acting:
        return self.visitor.acting

    def frame(self, title: str, *crumbs: Crumb) -> Frame:
        return settings_frame(self.request, self.deeds, self.visitor, "api_keys", title, *crumbs, done=_DONE)

    def require_maker(self) -> None:
        """Return if the visitor may make keys here; raises PermissionMissingError."""
        if self.acting.organisation_id is not None:
            self.acting.require(CREATE, self.acting.organisation_id, what="organisation")

    async def page(self) -> KeyPage:
        details = await self.deeds.api_keys.get(self.acting, self.key_id)
        return key_pages.page_of(
            details,
            self.deeds.catalog,
            held=await self.deeds.api_keys.held_by_owner(details.key),
            may_edit=self.deeds.api_keys.may_edit(self.acting, details.key),
            now=self.deeds.clock.now(),
        )

    def show(self, page: KeyPage, *, status: int = 200) -> Response:
        frame = self.frame(page.key.name, Crumb(_TITLE, _LIST), Crumb(page.key.name))
        return render("api_key", frame=frame, view=page, status=status)

    def show_new(self, page: KeyNewPage, *, status: int = 200) -> Response:
        frame = self.frame("Create API key", Crumb(_TITLE, _LIST), Crumb("Create API key"))
        return render("api_key_new", frame=frame, view=page, status=status)

    def show_once(self, shown: ShownKey) -> Response:
        name = shown.details.key.name
        frame = self.frame("Your key", Crumb(_TITLE, _LIST), Crumb(name))
        return render("api_key_shown", frame=frame, view=key_pages.shown_page(shown, issuer=self.deeds.settings.issuer))

    def new_page(self, typed: TypedKey) -> KeyNewPage:
        policy = self.deeds.api_keys.policy
        return new_page(typed, self.acting.permissions, self.visitor.role_titles, self.deeds.catalog, policy)

    def go_back(self, done: str) -> Response:
        return RedirectResponse(f"{_LIST}/{self.key_id}?{urlencode({'done': done})}", _SEE_OTHER)


async def list_keys(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/api-keys`: every key of the organisation to whoever manages them, one's own to everybody else."""
    visit = await _visit(request, deeds)
    after = request.query_params.get("after")
    after_id = ApiKeyId(after) if after else None
    organisation_id = visit.acting.organisation_id
    of_everybody = organisation_id is not None and visit.acting.may(MANAGE, organisation_id)
    if of_everybody:
        found = await deeds.api_keys.list_all(visit.acting, organisation_id, after=after_id, limit=PAGE_SIZE + 1)
    else:
        found = await deeds.api_keys.list_own(visit.acting, organisation_id, after=after_id, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    now = deeds.clock.now()
    view = KeyListPage(
        keys=tuple(key_pages.row_of(details, now) for details in shown),
        may_create=organisation_id is not None and visit.acting.may(CREATE, organisation_id),
        of_everybody=of_everybody,
        next_href=f"{_LIST}?{urlencode({'after': shown[-1].key.id})}" if len(found) > PAGE_SIZE else None,
        newest_href=_LIST if after else None,
    )
    return render("api_keys", frame=visit.frame(_TITLE, Crumb(_TITLE)), view=view)


async def show_new(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/api-keys/new`: the empty form."""
    visit = await _visit(request, deeds)
    visit.require_maker()
    return visit.show_new(visit.new_page(_EMPTY))


async def create(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/api-keys/new`: make the key and show it, once; or tick all that only reads, and ask again."""
    visit = await _visit(request, deeds)
    form = await read_checked_form(request, deeds, visit.visitor)
    visit.require_maker()
    typed = read_key_form(form)
    if form.one("action") == "read_only":
        chosen = find_read_permissions(visit.acting.permissions, deeds.catalog)
        return visit.show_new(visit.new_page(replace(typed, permissions=chosen)))
    expires_at = typed.find_expiry(deeds.clock.now())
    bad_expiry = expires_at if isinstance(expires_at, Fault) else None
    try:
        # With an expiry that cannot be read the draft is tried all the same, so that every fault is told at once.
        draft = typed.to_draft(deeds.clock.now() if isinstance(expires_at, Fault) else expires_at)
        return visit.show_once(await deeds.api_keys.create(visit.acting, draft))
    except InvalidInputError as error:
        faults = [fault for fault in error.faults if bad_expiry is None or fault.field != bad_expiry.field]
        errors = field_errors([*faults, bad_expiry] if bad_expiry is not None else faults, typed)
        return visit.show_new(replace(visit.new_page(typed), errors=errors), status=_BAD_REQUEST)


async def show_key(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/api-keys/{id}`: the key's own page."""
    visit = await _visit(request, deeds)
    return visit.show(await visit.page())


async def act_on_key(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/api-keys/{id}`: what the page's button `action` asks."""
    visit = await _visit(request, deeds)
    form = await read_checked_form(request, deeds, visit.visitor)
    return await chosen_action(form, _ACTIONS)(visit, form)


async def _save(visit: _Visit, form: Parameters) -> Response:
    typed = read_key_form(form)
    try:
        await visit.deeds.api_keys.edit(visit.acting, visit.key_id, typed.to_edit())
    except InvalidInputError as error:
        details = await visit.deeds.api_keys.get(visit.acting, visit.key_id)
        held = await visit.deeds.api_keys.held_by_owner(details.key)
        groups = groups_of_key(details.key.permissions, typed.permissions, held, visit.deeds.catalog)
        again = replace(await visit.page(), name=typed.name, groups=groups, addresses=typed.addresses)
        return visit.show(replace(again, errors=field_errors(error.faults, typed)), status=_BAD_REQUEST)
    return visit.go_back("saved")


async def _rotate(visit: _Visit, form: Parameters) -> Response:
    overlap = _OVERLAPS.get(form.one("overlap") or "")
    if overlap is None:
        raise InvalidInputError(Fault("overlap", "Choose how long the old key goes on."))
    return visit.show_once(await visit.deeds.api_keys.rotate(visit.acting, visit.key_id, overlap))


async def _revoke(visit: _Visit, _form: Parameters) -> Response:
    await visit.deeds.api_keys.revoke(visit.acting, visit.key_id)
    return visit.go_back("revoked")


_ACTIONS: Mapping[str, Callable[[_Visit, Parameters], Awaitable[Response]]] = {
    "save": _save,
    "rotate": _rotate,
    "revoke": _revoke,
}


async def _visit(request: Request, deeds: Deeds) -> _Visit:
    visitor = await require_visitor(request, deeds)
    return _Visit(request, deeds, visitor, ApiKeyId(request.path_params.get("key_id", "")))


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route(_LIST, partial(list_keys, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/new", partial(show_new, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/new", partial(create, deeds=deeds), methods=["POST"]),
        Route(f"{_LIST}/{{key_id}}", partial(show_key, deeds=deeds), methods=["GET"]),
        Route(f"{_LIST}/{{key_id}}", partial(act_on_key, deeds=deeds), methods=["POST"]),
    ]
