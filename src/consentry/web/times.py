"""Times as people read them: relative in English, absolute in the viewer's locale, always in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from markupsafe import Markup

if TYPE_CHECKING:
    from starlette.requests import Request

DEFAULT_LOCALE = "en_GB"
_LONGEST_HEADER = 256


def locale_of(request: Request) -> str:
    """Return the first locale of `Accept-Language` that we can write dates in, or `en_GB`.

    *Source:* RFC 9110 §12.5.4.
    """
    return _best_locale(request.headers.get("accept-language", "")[:_LONGEST_HEADER])


@lru_cache(maxsize=512)
def _best_locale(accepted: str) -> str:
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";")
        name, _, number = weight.strip().partition("=")
        try:
            quality = float(number) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag and quality > 0:
            wanted.append((-quality, position, tag.strip()))
    for _, _, tag in sorted(wanted):
        try:
            locale = str(Locale.parse(tag, sep="-"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        # A bare "en" says nothing of the country; American dates (11/24) would be a guess.
        return DEFAULT_LOCALE if locale == "en" else locale
    return DEFAULT_LOCALE


def ago(moment: datetime, *, now: datetime, locale: str) -> Markup:
    """Return a `<time>` element: "3 minutes ago", "in 6 days", with the absolute moment as its title."""
    distance = moment - now
    if abs(distance) < timedelta(minutes=1):
        words = "just now"
    else:
        words = format_timedelta(distance, granularity="minute", threshold=1, add_direction=True, locale=DEFAULT_LOCALE)
    return _element(moment, words, locale, spoken_in="en")


def day(moment: datetime, *, locale: str) -> Markup:
    """Return a `<time>` element with the date as the viewer's country writes it."""
    return _element(moment, format_date(moment.astimezone(UTC), "medium", locale=locale), locale, spoken_in=locale)


def clock(moment: datetime, *, locale: str) -> Markup:
    """Return a `<time>` element with date and time to the second, in UTC."""
    return _element(moment, _in_full(moment, locale), locale, spoken_in=locale)


def _in_full(moment: datetime, locale: str) -> str:
    return f"{format_datetime(moment.astimezone(UTC), 'medium', tzinfo=UTC, locale=locale)} UTC"


def _element(moment: datetime, words: str, locale: str, *, spoken_in: str) -> Markup:
    machine = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    language = spoken_in.replace("_", "-")
    if language.partition("-")[0] == "en":
        return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, _in_full(moment, locale), words)
    return Markup('<time datetime="{}" title="{}" lang="{}">{}</time>').format(
        machine, _in_full(moment, locale), language, words
    )
