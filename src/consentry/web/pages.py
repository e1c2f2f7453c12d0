"""Turn a view record into a page: the only place that touches the template engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from markupsafe import Markup
from starlette.responses import HTMLResponse

from consentry.web import times
from consentry.web.static_files import static_url
from consentry.web.times import locale_of
from consentry.web.views.frame import Frame

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2.runtime import Context

__all__ = ["Frame", "locale_of", "render"]

# Characters that are not seen but change what is: controls, soft hyphen, zero-width, bidirectional
# overrides, tags. Names with them are refused where they are typed; whatever came in another way is shown
# for what it is.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2028\u2029\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LONGEST_NAME = 80


def render(template: str, *, frame: Frame, view: object, status: int = 200) -> HTMLResponse:
    """Return the page `template` (named without `.html`) showing `view` inside `frame`.

    Everything is escaped. A template that reads what its view does not have raises `jinja2.UndefinedError`.
    """
    page = _environment.get_template(f"{template}.html").render(frame=frame, view=view)
    return HTMLResponse(page, status_code=status)


def _shown(value: object) -> object:
    """Replace unseen characters in every text that a template prints (CS-08)."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", value)
    return value


def _clipped(name: str) -> str:
    """Return `name`, cut where no honest name goes on."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _coded(text: str) -> Markup:
    """Return `text` with what stands between backticks as code, as Markdown would show it."""
    code = Markup("<code>{}</code>")
    parts = enumerate(str(_shown(part)) for part in text.split("`"))
    return Markup().join(code.format(part) if number % 2 else part for number, part in parts)


@pass_context
def _ago(context: Context, moment: datetime) -> Markup:
    frame: Frame = context["frame"]
    return times.ago(moment, now=frame.now, locale=frame.locale)


@pass_context
def _day(context: Context, moment: datetime) -> Markup:
    frame: Frame = context["frame"]
    return times.day(moment, locale=frame.locale)


@pass_context
def _clock(context: Context, moment: datetime) -> Markup:
    frame: Frame = context["frame"]
    return times.clock(moment, locale=frame.locale)


def _new_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static_url"] = static_url
    environment.filters.update(ago=_ago, day=_day, clock=_clock, clipped=_clipped, coded=_coded)
    return environment


_environment = _new_environment()
