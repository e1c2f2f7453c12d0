"""Who looks at a page: the signed-in person, the organisation looked at, and what they may do in it right now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from consentry.model.acting import member
from consentry.web.browser_safety import SESSION_COOKIE, check_csrf, csrf_token, read_cookie
from consentry.web.form_body import read_form
from consentry.web.pages import Frame, locale_of
from consentry.web.views.frame import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.requests import Request

    from consentry.model.acting import Acting
    from consentry.model.ids import SessionId
    from consentry.model.membership import Membership
    from consentry.model.organisation import User
    from consentry.model.session import LiveSession
    from consentry.oauth.parameters import Parameters
    from consentry.wiring import Deeds

ORGANISATION_COOKIE = "consentry-organisation"
CHOSEN_ORGANISATION = "consentry.organisation"
"""The key of the ASGI scope under which the choice of another organisation is left, to be remembered."""

_SETTINGS = "/settings"


class SignInRequiredError(Exception):
    """Nobody is signed in; answer with the sign-in page, which leads to `next` afterwards."""

    def __init__(self, next_url: str) -> None:
        super().__init__("Sign in first.")
        self.next = next_url

    @property
    def location(self) -> str:
        """The address of the sign-in page."""
        return f"/sign-in?{urlencode({'next': self.next})}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person in front of the browser.

    `membership` is that of the organisation looked at; None for a member of none. `memberships` holds all, those
    included where the person may not act now. `session_secret` is what form tokens are made of: on the settings' pages
    it is also of the organisation, so that a form that was opened in one is never done in another.
    """

    live: LiveSession
    memberships: tuple[Membership, ...]
    membership: Membership | None
    acting: Acting
    role_titles: tuple[str, ...]
    session_secret: str

    @property
    def user(self) -> User:
        """The person."""
        return self.live.user

    @property
    def session_id(self) -> SessionId:
        """The session's identifier, which is no secret."""
        return self.live.session.id

    @property
    def authenticated_at(self) -> datetime:
        """When the password was typed."""
        return self.live.session.authenticated_at


async def require_visitor(request: Request, deeds: Deeds) -> Visitor:
    """Return the signed-in person; raises SignInRequiredError."""
    visitor = await find_visitor(request, deeds)
    if visitor is None:
        query = request.url.query if request.method == "GET" else ""
        raise SignInRequiredError(f"{request.url.path}?{query}" if query else request.url.path)
    return visitor


async def find_visitor(request: Request, deeds: Deeds) -> Visitor | None:
    """Return the signed-in person, or None. What they hold is read anew for every request."""
    issuer = deeds.settings.issuer
    cookie = read_cookie(request, SESSION_COOKIE, issuer=issuer)
    live = None if cookie is None else await deeds.sign_in.find_session(cookie)
    if cookie is None or live is None:
        return None
    memberships = tuple(await deeds.people.memberships_of(live.user.id))
    active = [one for one in memberships if one.holder.is_active]
    membership = _looked_at(request, active, issuer=issuer)
    if membership is None:
        return Visitor(live, memberships, None, member(live.user.id, None, frozenset()), (), cookie)
    holder = membership.holder
    return Visitor(
        live,
        memberships,
        membership,
        member(live.user.id, holder.organisation_id, deeds.role_book.held_by(holder)),
        deeds.role_book.role_titles(holder.roles, holder.custom_permissions),
        form_secret(cookie, membership) if _is_settings(request) else cookie,
    )


async def read_checked_form(request: Request, deeds: Deeds, visitor: Visitor) -> Parameters:
    """Return the posted form of a page of ours that this person opened; raises what `read_form` and `check_csrf` do."""
    form = await read_form(request.scope, request.receive)
    check_csrf(request.headers, form.one("csrf"), session_secret=visitor.session_secret, issuer=deeds.settings.issuer)
    return form


def frame_for(request: Request, deeds: Deeds, visitor: Visitor | None, title: str) -> Frame:
    """Return the frame of a page for this person, or for nobody."""
    frame = Frame(deeds.settings.product_name, title, deeds.clock.now(), locale=locale_of(request))
    if visitor is None:
        return frame
    several = sum(one.holder.is_active for one in visitor.memberships) > 1
    return replace(
        frame,
        csrf=csrf_token(visitor.session_secret),
        person=Person(visitor.user.name, visitor.user.email),
        organisation=None if visitor.membership is None else visitor.membership.organisation.name,
        switch_href="/settings/organisation" if several else None,
    )


def form_secret(cookie: str, membership: Membership | None) -> str:
    """Return what the form tokens of the settings are made of, in this organisation."""
    return cookie if membership is None else f"{cookie}:{membership.organisation.id}"


def _is_settings(request: Request) -> bool:
    path = request.url.path
    return path == _SETTINGS or path.startswith(f"{_SETTINGS}/")


def _looked_at(request: Request, active: Sequence[Membership], *, issuer: str) -> Membership | None:
    """Return the organisation that the settings' address names, else the remembered one, else the first."""
    by_id = {str(one.organisation.id): one for one in active}
    chosen = request.query_params.get("organisation") if _is_settings(request) else None
    if chosen in by_id:
        request.scope[CHOSEN_ORGANISATION] = chosen
        return by_id[chosen]
    remembered = read_cookie(request, ORGANISATION_COOKIE, issuer=issuer)
    if remembered in by_id:
        return by_id[remembered]
    return active[0] if active else None
