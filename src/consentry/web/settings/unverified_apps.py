"""What an organisation says of apps that registered themselves: a card on the page of all connections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.model.faults import NotFoundError
from consentry.model.organisation import UnverifiedApps
from consentry.model.registration import Registration
from consentry.web.settings.settings_page import chosen_action
from consentry.web.views.frame import Notice
from consentry.web.visitor import read_checked_form, require_visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

_BACK = "/settings/connections/all"
_SEE_OTHER = 303
_ACTIONS: Mapping[str, UnverifiedApps] = {"allow": UnverifiedApps.ALLOWED, "refuse": UnverifiedApps.REFUSED}

DONE_UNVERIFIED: Mapping[str, Notice] = {
    "unverified_allowed": Notice("Apps that registered themselves are allowed. Those that were connected work again."),
    "unverified_refused": Notice("Apps that registered themselves are refused from now on. No connection was ended."),
}
"""What the page that follows says, by the word in its address."""


def said_of_unverified(deeds: Deeds, visitor: Visitor) -> Literal["allowed", "refused"] | None:
    """Return what the visitor's organisation says; None where no app can register itself, and nothing was said."""
    settings = deeds.settings
    if visitor.membership is None:
        return None
    if visitor.membership.organisation.unverified_apps is UnverifiedApps.REFUSED:
        return "refused"
    can = settings.client_id_metadata_documents or settings.dynamic_registration is not Registration.OFF
    return "allowed" if can else None


async def set_unverified(request: Request, deeds: Deeds) -> Response:
    """`POST /settings/connections/unverified`: allow or refuse; when this returns, it holds at every call."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    said = chosen_action(form, _ACTIONS)
    if visitor.acting.organisation_id is None:
        raise NotFoundError("organisation")
    await deeds.people.organisations.set_unverified_apps(visitor.acting, visitor.acting.organisation_id, said)
    return RedirectResponse(f"{_BACK}?{urlencode({'done': f'unverified_{said}'})}", _SEE_OTHER)


def routes(deeds: Deeds) -> list[Route]:
    """Return the route of the button."""
    return [Route("/settings/connections/unverified", partial(set_unverified, deeds=deeds), methods=["POST"])]
