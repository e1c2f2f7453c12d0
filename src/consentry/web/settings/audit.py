"""`/settings/audit`: what happened in the organisation, for those who hold `audit.read`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.routing import Route

from consentry.model.event import EventKind
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import EventId, OrganisationId
from consentry.oauth.parameters import Parameters
from consentry.web.pages import render
from consentry.web.settings.settings_page import settings_frame
from consentry.web.views.audit import AuditPage, AuditRow
from consentry.web.views.frame import Crumb
from consentry.web.visitor import require_visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.model.event import Event
    from consentry.wiring import Deeds

PAGE_SIZE = 50
_ADDRESS = "/settings/audit"
_ID_LENGTH_MOST = 64

_WORDS: Mapping[EventKind, str] = {
    EventKind.ORGANISATION_CREATED: "Organisation created",
    EventKind.ORGANISATION_CHANGED: "Organisation changed",
    EventKind.USER_CREATED: "User created",
    EventKind.USER_CHANGED: "User changed",
    EventKind.MEMBER_SET: "Member's roles or standing set",
    EventKind.MEMBER_REMOVED: "Member removed",
    EventKind.ROLE_SET: "Role defined",
    EventKind.ROLE_REMOVED: "Role's own definition removed",
    EventKind.APP_REGISTERED: "App registered",
    EventKind.APP_CHANGED: "App changed",
    EventKind.APP_DEACTIVATED: "App deactivated",
    EventKind.APP_REACTIVATED: "App reactivated",
    EventKind.APP_DELETED: "App deleted",
    EventKind.APP_MAY_ACT: "App allowed to act for the organisation",
    EventKind.APP_SECRET_ADDED: "Client secret added",
    EventKind.APP_SECRET_RETIRED: "Client secret retired",
    EventKind.CONNECTION_APPROVED: "App connected",
    EventKind.CONNECTION_DECLINED: "App declined",
    EventKind.DEVICE_CODE_REFUSED: "Wrong device code typed",
    EventKind.CONNECTION_ENDED: "App disconnected",
    EventKind.FAMILY_ENDED: "Tokens of a connection ended",
    EventKind.CODE_REPLAYED: "Authorization code used twice; its tokens ended",
    EventKind.REFRESH_TOKEN_REPLAYED: "Refresh token used twice; its tokens ended",
    EventKind.API_KEY_CREATED: "API key created",
    EventKind.API_KEY_CHANGED: "API key changed",
    EventKind.API_KEY_ROTATED: "API key rotated",
    EventKind.API_KEY_REVOKED: "API key revoked",
    EventKind.RESOURCE_REGISTERED: "Resource server registered",
    EventKind.REGISTRATION_TOKEN_CREATED: "Initial access token made",
    EventKind.REGISTRATION_TOKEN_REVOKED: "Initial access token revoked",
    EventKind.OPERATOR_CREATED: "Operator created",
    EventKind.SIGNING_KEY_ROTATED: "Signing key replaced",
    EventKind.OPERATOR_REVOKED: "Operator revoked",
    EventKind.PASSWORD_SET: "Password set",
    EventKind.SIGNED_IN: "Signed in",
    EventKind.SIGNED_OUT: "Signed out",
    EventKind.SESSIONS_ENDED: "Signed out everywhere",
    EventKind.SIGN_IN_REFUSED: "Sign-in refused",
}


async def show_audit(request: Request, deeds: Deeds) -> Response:
    """`GET /settings/audit`: the organisation's events, newest first, fifty at a time."""
    visitor = await require_visitor(request, deeds)
    acting = visitor.acting
    before = Parameters.from_query(request.scope["query_string"]).one("before")
    if before is not None and (len(before) > _ID_LENGTH_MOST or not before.isascii() or not before.isprintable()):
        raise InvalidInputError(Fault("before", "That is not the identifier of an event."))
    organisation_id = acting.organisation_id or OrganisationId("")
    found = await deeds.audit.page(
        acting, organisation_id, before=None if before is None else EventId(before), limit=PAGE_SIZE + 1
    )
    shown = found[:PAGE_SIZE]
    names = await deeds.audit.names_in(shown)
    older = f"{_ADDRESS}?{urlencode({'before': shown[-1].id})}" if len(found) > PAGE_SIZE else None
    frame = settings_frame(request, deeds, visitor, "audit", "Audit", Crumb("Audit"), done={})
    newest = None if before is None else _ADDRESS
    view = AuditPage(tuple(_row(event, names) for event in shown), older, newest)
    return render("audit", frame=frame, view=view)


def _row(event: Event, names: Mapping[str, str]) -> AuditRow:
    return AuditRow(
        at=event.at,
        actor=_actor(event, names),
        what=_WORDS[event.kind],
        subject=names.get(event.subject, event.subject),
        name=event.kind.value,
        address=event.details.get("address"),
    )


def _actor(event: Event, names: Mapping[str, str]) -> str:
    actor = event.actor
    who = actor.user_id or actor.operator_id
    nobody = "The system" if actor.through is None else "An operator"
    name = nobody if who is None else names.get(who, who)
    return name if actor.through is None else f"{name} through {names.get(actor.through, actor.through)}"


def routes(deeds: Deeds) -> list[Route]:
    """Return the route of the audit."""
    return [Route(_ADDRESS, partial(show_audit, deeds=deeds), methods=["GET"])]
