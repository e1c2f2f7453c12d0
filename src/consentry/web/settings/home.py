"""`/settings`, and `/settings/organisation`, where a person chooses which organisation to look at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.web.browser_safety import DEFAULT_NEXT
from consentry.web.pages import render
from consentry.web.views.sign_in import ChooseOrganisationPage, OrganisationChoice
from consentry.web.visitor import frame_for, require_visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.wiring import Deeds

_SEE_OTHER = 303


async def go_home(request: Request, deeds: Deeds) -> Response:
    """`GET /settings`: to the page that everybody has; an `organisation` in the address is remembered."""
    await require_visitor(request, deeds)
    return RedirectResponse(DEFAULT_NEXT, _SEE_OTHER)


async def choose_organisation(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/organisation`: links to the settings of each organisation of the person."""
    visitor = await require_visitor(request, deeds)
    choices = []
    for one in visitor.memberships:
        if one.holder.is_active:
            titles = deeds.role_book.role_titles(one.holder.roles, one.holder.custom_permissions)
            choices.append(
                OrganisationChoice(
                    name=one.organisation.name,
                    role=", ".join(titles),
                    href=f"/settings?{urlencode({'organisation': one.organisation.id})}",
                    current=one == visitor.membership,
                )
            )
    frame = frame_for(request, deeds, visitor, "Choose an organisation")
    return render("choose_organisation", frame=frame, view=ChooseOrganisationPage(tuple(choices)))


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages."""
    return [
        Route("/settings", partial(go_home, deeds=deeds), methods=["GET"]),
        Route("/settings/organisation", partial(choose_organisation, deeds=deeds), methods=["GET"]),
    ]
