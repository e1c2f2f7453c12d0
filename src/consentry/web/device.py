"""`/device`: where a person types the code of a device, compares it, and decides. RFC 8628 §3.3, §5.4.

Whoever sent the code may be somebody else, so each step is taken by the person's own hand, also where the address
brought the code along (§3.3.1), and nothing is approved because it was approved before.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from consentry.flows.device_authorization import CodesThrottled, CodeUnknown
from consentry.model.device_code import DeviceAnswer
from consentry.model.faults import InvalidInputError
from consentry.oauth.device_authorization import DEVICE_PATH
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.user_code import read_user_code, shown_user_code
from consentry.ports.device_codes import Claim
from consentry.web.caller import caller_address
from consentry.web.consent_screen import Question, find_membership, show_picker, show_screen
from consentry.web.pages import render
from consentry.web.provenance import provenance_of
from consentry.web.views.consent import DeviceAsked
from consentry.web.views.device import DeviceCodePage, DeviceConfirmPage, DeviceDonePage
from consentry.web.visitor import frame_for, read_checked_form, require_visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from consentry.flows.device_consent import DeviceRequest
    from consentry.model.device_code import DeviceCode
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

_SEE_OTHER, _BAD_REQUEST, _TOO_MANY = 303, 400, 429
_TYPED_MOST = 64
_CONSENT_PATH = f"{DEVICE_PATH}/consent"
_DONE_PATH = f"{DEVICE_PATH}/done"


async def show_device(request: Request, deeds: Deeds) -> Response:
    """`GET /device`: the field for the code, filled where the address brings it; nothing happens yet."""
    visitor = await require_visitor(request, deeds)
    typed = _query(request).one("user_code") or ""
    code = read_user_code(typed)
    return _show_field(request, deeds, visitor, DeviceCodePage("" if code is None else shown_user_code(code)))


async def enter_code(request: Request, deeds: Deeds) -> Response:
    """`POST /device` with `user_code`: who asks, and the code to compare."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    typed = (form.one("user_code") or "")[:_TYPED_MOST]
    address = caller_address(request.scope, deeds.settings.trusted_proxies)
    match await deeds.devices.authorization.claim(typed, _claim(visitor), address=address):
        case CodesThrottled(wait):
            response = _show_field(request, deeds, visitor, DeviceCodePage(wait=wait), status=_TOO_MANY)
            response.headers["retry-after"] = str(math.ceil(wait.total_seconds()))
            return response
        case CodeUnknown():
            page = DeviceCodePage(typed, is_wrong=True)
            return _show_field(request, deeds, visitor, page, status=_BAD_REQUEST)
        case code:
            return await _show_comparison(request, deeds, visitor, code, shown_user_code(read_user_code(typed) or ""))


async def confirm(request: Request, deeds: Deeds) -> Response:
    """`POST /device/confirm` with `decision` (`continue` | `stop`): on to the consent screen, or the end of it."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    asked = await _asked(deeds, visitor, form.required("request"))
    match form.required("decision"):
        case "continue":
            return RedirectResponse(_address(_CONSENT_PATH, asked.code), _SEE_OTHER)
        case "stop":
            await deeds.devices.consent.decline(asked, _claim(visitor))
            return RedirectResponse(_address(_DONE_PATH, asked.code), _SEE_OTHER)
        case _:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The decision must be continue or stop.")


async def show_device_consent(request: Request, deeds: Deeds) -> Response:
    """`GET /device/consent`: the picker where the person must choose an organisation, then the consent screen."""
    visitor = await require_visitor(request, deeds)
    query = _query(request)
    asked, chosen = await _asked(deeds, visitor, query.required("request")), query.one("organisation")
    members = [one for one in visitor.memberships if one.holder.is_active]
    question = _question(asked)
    if len(members) != 1 and chosen is None:
        return show_picker(request, deeds, visitor, question)
    membership = find_membership(members, chosen)
    offer = await deeds.devices.consent.offer(asked, membership.holder)
    return await show_screen(request, deeds, visitor, question, membership, offer)


async def decide_device(request: Request, deeds: Deeds) -> Response:
    """`POST /device/consent`: `decision` is `approve` or `decline`; all else of the request is the stored one's."""
    visitor = await require_visitor(request, deeds)
    form = await read_checked_form(request, deeds, visitor)
    asked, claim = await _asked(deeds, visitor, form.required("request")), _claim(visitor)
    membership = find_membership(visitor.memberships, form.one("organisation"))
    match form.required("decision"):
        case "approve":
            offer = await deeds.devices.consent.offer(asked, membership.holder)
            await deeds.devices.consent.approve(asked, claim, offer, form.all("scope"))
        case "decline":
            organisation_id = membership.organisation.id
            await deeds.devices.consent.decline(asked, claim, organisation_id=organisation_id)
        case _:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "The decision must be approve or decline.")
    return RedirectResponse(_address(_DONE_PATH, asked.code), _SEE_OTHER)


async def show_done(request: Request, deeds: Deeds) -> Response:
    """`GET /device/done`: what was answered."""
    visitor = await require_visitor(request, deeds)
    code = await deeds.devices.consent.find(_query(request).required("request"), visitor.session_id)
    approved = code.answer is DeviceAnswer.APPROVED
    title = "Your device is connected" if approved else "Nothing was connected"
    view = DeviceDonePage(code.app_name, approved)
    return render("device_done", frame=frame_for(request, deeds, visitor, title), view=view)


def _query(request: Request) -> Parameters:
    try:
        return Parameters.from_query(request.scope["query_string"])
    except OAuthError as error:
        raise InvalidInputError from error


def _claim(visitor: Visitor) -> Claim:
    return Claim(visitor.session_id, visitor.user.id, visitor.authenticated_at)


async def _asked(deeds: Deeds, visitor: Visitor, request_id: str) -> DeviceRequest:
    return await deeds.devices.consent.read(await deeds.devices.consent.find(request_id, visitor.session_id))


def _question(asked: DeviceRequest) -> Question:
    # Whoever signs in as somebody else types the code again: it is given to one browser's session at a time.
    sign_in = urlencode({"next": DEVICE_PATH, "again": "1"})
    device = DeviceAsked(asked.code.created_at, asked.code.asked_from)
    return Question(asked.app, asked.code.id, _CONSENT_PATH, f"/sign-in?{sign_in}", device=device)


def _address(path: str, code: DeviceCode) -> str:
    return f"{path}?{urlencode({'request': code.id})}"


def _show_field(
    request: Request, deeds: Deeds, visitor: Visitor, page: DeviceCodePage, *, status: int = 200
) -> Response:
    frame = frame_for(request, deeds, visitor, "Connect a device")
    return render("device_code", frame=frame, view=page, status=status)


async def _show_comparison(request: Request, deeds: Deeds, visitor: Visitor, code: DeviceCode, shown: str) -> Response:
    asked = await deeds.devices.consent.read(code)
    app = asked.app
    page = DeviceConfirmPage(
        request=code.id,
        user_code=shown,
        app=app.name,
        provenance=await provenance_of(deeds, app),
        asked_at=code.created_at,
        address=code.asked_from,
    )
    return render("device_confirm", frame=frame_for(request, deeds, visitor, "Compare the code"), view=page)


def routes(deeds: Deeds) -> list[Route]:
    """Return the routes of these pages; none where devices are not connected."""
    if not deeds.settings.device_authorization:
        return []
    return [
        Route(DEVICE_PATH, partial(show_device, deeds=deeds), methods=["GET"]),
        Route(DEVICE_PATH, partial(enter_code, deeds=deeds), methods=["POST"]),
        Route(f"{DEVICE_PATH}/confirm", partial(confirm, deeds=deeds), methods=["POST"]),
        Route(_CONSENT_PATH, partial(show_device_consent, deeds=deeds), methods=["GET"]),
        Route(_CONSENT_PATH, partial(decide_device, deeds=deeds), methods=["POST"]),
        Route(_DONE_PATH, partial(show_done, deeds=deeds), methods=["GET"]),
    ]
