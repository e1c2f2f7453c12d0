"""One deed, done from the command line: open the database, act, close it, and say why if it cannot be done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import typer

from consentry.cli.database_schema import require_schema
from consentry.cli.options import settings_of
from consentry.cli.output import CommandError
from consentry.cli.readiness import require_catalog
from consentry.cli.shown_list import ShownList
from consentry.model.acting import operator
from consentry.model.faults import DeedError, Fault, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from consentry.cli.shown_values import Item
    from consentry.settings import Settings
    from consentry.wiring import Deeds

T = TypeVar("T")
K = TypeVar("K")

PAGE_SIZE = 200
"""How many things a list reads at once."""

BY_COMMAND_LINE = operator(None, through="command line")
"""Who acts here: whoever may run commands on this machine."""


def run_deed(config: Path | None, deed: Callable[[Deeds], Awaitable[T]]) -> T:
    """Run `deed` with everything wired up for the configuration, and return its result.

    Raises:
        SettingsError: the configuration cannot be used.
        CommandError: the catalog or the database cannot be used, or the deed was refused.
    """
    settings = settings_of(config)
    require_catalog(settings)
    require_schema(settings)
    try:
        return asyncio.run(_run(settings, deed))
    except InvalidInputError as error:
        raise CommandError("\n".join(_line(fault) for fault in error.faults)) from None
    except DeedError as error:
        raise CommandError(str(error)) from None


async def _run(settings: Settings, deed: Callable[[Deeds], Awaitable[T]]) -> T:
    # Loaded here so that `consentry --help` stays fast.
    from consentry.wiring import open_deeds  # noqa: PLC0415 - see above

    deeds = open_deeds(settings)
    try:
        return await deed(deeds)
    finally:
        await deeds.database.close()


async def pages_of(
    page: Callable[[K | None], Awaitable[Sequence[T]]], id_of: Callable[[T], K]
) -> AsyncIterator[Sequence[T]]:
    """Yield what `page` gives, page after page, to the end; it is called with the last identifier that it gave."""
    after: K | None = None
    while read := await page(after):
        yield read
        after = id_of(read[-1])


def show_pages(
    config: Path | None, listing: Callable[[Deeds], AsyncIterator[Sequence[Item]]], *, as_json: bool
) -> None:
    """Write a list a page at a time, however long it is: what was written is not kept.

    Raises as `run_deed`; nothing is written where the first page is refused.
    """

    async def deed(deeds: Deeds) -> None:
        shown = ShownList(as_json=as_json)
        async for page in listing(deeds):
            shown.add(page)
        shown.end()

    run_deed(config, deed)


def _line(fault: Fault) -> str:
    field, _, index = fault.field.replace("_", " ").partition(".")
    return f"{field} {int(index) + 1}: {fault.sentence}" if index.isdigit() else f"{field}: {fault.sentence}"


def parse_moment(text: str) -> datetime:
    """Return the time that an option names: an RFC 3339 date or time, in UTC unless it says otherwise.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("Write a date or time such as 2027-01-31 or 2027-01-31T12:00:00Z.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
