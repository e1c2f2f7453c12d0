"""`consentry doctor`: goes the way of a client that knows nothing, and says where it would get stuck."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, run_deed
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import CommandError, note, show

if TYPE_CHECKING:
    from consentry.wiring import Deeds

commands = typer.Typer()

_NOT_WELL = 1


@commands.command("doctor")
def doctor(
    apis: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL]...", help="Look at these APIs [default: all that are registered]."),
    ] = None,
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Look at the running server and at the APIs it gives out tokens for, as a new client would. It only reads."""
    # Loaded here so that `consentry --help` stays fast.
    import httpx  # noqa: PLC0415 - see above

    from consentry.cli.doctor_checks import Doctor, Outcome  # noqa: PLC0415 - see above
    from consentry.clock import SystemClock  # noqa: PLC0415 - see above
    from consentry.oauth.resource import is_resource_identifier  # noqa: PLC0415 - see above

    if not all(is_resource_identifier(api) for api in apis or ()):
        raise CommandError("Give the URL of an API as it is registered, such as https://api.example.com/mcp.")
    issuer, scopes, registered = run_deed(config, _find)
    with httpx.Client() as http:
        looking = Doctor(http, issuer, scopes, SystemClock())
        found = [*looking.server(), *(one for api in apis or registered for one in looking.api(api))]
    show(
        [{"outcome": one.outcome.value, "about": one.about, "finding": one.sentence} for one in found], as_json=as_json
    )
    bad = sum(one.outcome is Outcome.BAD for one in found)
    if not as_json:
        note(f"{bad} of these must be mended." if bad else "A new client finds its way.")
    if bad:
        raise typer.Exit(_NOT_WELL)


async def _find(deeds: "Deeds") -> tuple[str, list[str], list[str]]:
    servers = pages_of(
        lambda after: deeds.resources.page(BY_COMMAND_LINE, after=after, limit=PAGE_SIZE), lambda one: one.id
    )
    found = [one.identifier async for page in servers for one in page]
    return deeds.settings.issuer, list(deeds.catalog.scopes), found
