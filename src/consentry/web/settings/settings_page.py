"""What the pages of the settings share: the frame around them, and finding what the pressed button does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from consentry.model.faults import Fault, InvalidInputError
from consentry.web.views.frame import Crumb, settings_navigation
from consentry.web.visitor import frame_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from consentry.oauth.parameters import Parameters
    from consentry.web.views.frame import Frame, Notice, SettingsSection
    from consentry.web.visitor import Visitor
    from consentry.wiring import Deeds

T = TypeVar("T")


def settings_frame(
    request: Request,
    deeds: Deeds,
    visitor: Visitor,
    section: SettingsSection,
    title: str,
    *crumbs: Crumb,
    done: Mapping[str, Notice],
) -> Frame:
    """Return the frame of a page of `section`; `crumbs` come after Settings.

    `done` is what a page may say of the deed that led to it: the address carries only the word, as `?done=`.
    """
    frame = frame_for(request, deeds, visitor, title)
    said = done.get(request.query_params.get("done", "")) if request.method == "GET" else None
    return replace(
        frame,
        navigation=settings_navigation(section, permissions=visitor.acting.permissions),
        breadcrumb=(Crumb("Settings", "/settings"), *crumbs),
        notice=frame.notice if said is None else said,
    )


def chosen_action(form: Parameters, actions: Mapping[str, T]) -> T:
    """Return what the button that was pressed does; raises InvalidInputError for one that the page does not have."""
    action = actions.get(form.one("action") or "")
    if action is None:
        raise InvalidInputError(Fault("action", "This page has no such button."))
    return action
