"""`consentry explain …`: why a call is refused, who can do what right now, and what a change would do."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, run_deed
from consentry.cli.explain_output import show_explanation, show_reach
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.people import organisation_id_of, user_of
from consentry.flows.access_reach import Asked, Kind, Reach, Slice
from consentry.model.what_if import read_change

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from consentry.model.explanation import Explanation
    from consentry.wiring import Deeds

commands = typer.Typer()

_LONGEST_CREDENTIAL = 4096


@commands.command("explain")
def explain(
    named: Annotated[
        str,
        typer.Argument(
            metavar="CREDENTIAL|ORG",
            help="An access token, an API key, or the ID of a key or connection; - reads it from standard input, which "
            "keeps a token out of the shell's history. With --who-can and --what-if: the organisation.",
            show_default=False,
        ),
    ],
    permission: Annotated[
        str | None, typer.Argument(metavar="PERMISSION", help="Only this permission.", show_default="all")
    ] = None,
    *,
    who_can: Annotated[
        str | None, typer.Option(metavar="PERMISSION", help="List who and what can do it in ORG now.")
    ] = None,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="List who and what a change in ORG would concern. Changes nothing.")
    ] = False,
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="What if this role…")] = None,
    loses: Annotated[str | None, typer.Option(metavar="PERMISSION", help="…lost this permission?")] = None,
    gains: Annotated[str | None, typer.Option(metavar="PERMISSION", help="…had this permission too?")] = None,
    member: Annotated[str | None, typer.Option(metavar="EMAIL", help="What if this member…")] = None,
    loses_role: Annotated[str | None, typer.Option(metavar="ROLE", help="…lost this role?")] = None,
    gains_role: Annotated[str | None, typer.Option(metavar="ROLE", help="…had this role too?")] = None,
    suspended: Annotated[bool, typer.Option("--suspended", help="…were suspended?")] = False,
    address: Annotated[
        str | None, typer.Option(metavar="IP", help="From where the call came, for a key with networks.")
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="URI", help="Which API was called, for a token bound to one.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say why a credential may or may not do something, who can do it, or what a change would do."""
    _refuse_mixtures(
        asks_lists=what_if or who_can is not None,
        both=what_if and who_can is not None,
        of_credential=any(one is not None for one in (permission, address, resource)),
        of_change=not what_if and any((role, loses, gains, member, loses_role, gains_role, suspended)),
    )
    if who_can is not None:
        wanted = who_can

        async def ask_who(deeds: "Deeds") -> Reach:
            where = await organisation_id_of(deeds, named)
            return await _whole(lambda asked: deeds.access_reach.who_can(BY_COMMAND_LINE, where, wanted, asked))

        show_reach(run_deed(config, ask_who), as_json=as_json)
    elif what_if:

        async def ask_what(deeds: "Deeds") -> Reach:
            where = await organisation_id_of(deeds, named)
            user_id = None if member is None else (await user_of(deeds, member)).id
            change = read_change(
                role=role,
                loses=loses,
                gains=gains,
                user_id=user_id,
                loses_role=loses_role,
                gains_role=gains_role,
                suspended=suspended,
            )
            return await _whole(lambda asked: deeds.access_reach.what_if(BY_COMMAND_LINE, where, change, asked))

        show_reach(run_deed(config, ask_what), as_json=as_json)
    else:
        text = sys.stdin.read(_LONGEST_CREDENTIAL).strip() if named == "-" else named

        async def ask_why(deeds: "Deeds") -> "Explanation":
            return await deeds.explain_access.explain(
                BY_COMMAND_LINE, text, permission, address=address, resource=resource
            )

        show_explanation(run_deed(config, ask_why), as_json=as_json)


def _refuse_mixtures(*, asks_lists: bool, both: bool, of_credential: bool, of_change: bool) -> None:
    if both:
        raise typer.BadParameter("Ask either --who-can or --what-if.")
    if asks_lists and of_credential:
        raise typer.BadParameter("PERMISSION, --address and --resource explain a credential; leave them out here.")
    if of_change:
        raise typer.BadParameter("A change is asked about with --what-if.")


async def _whole(ask: "Callable[[Asked], Awaitable[Reach]]") -> Reach:
    """Return all of every list, read part by part."""
    first = await ask(Asked(limit=PAGE_SIZE))
    members, connections, keys = first.members, first.connections, first.api_keys
    while members is not None and members.next is not None:
        more = (await ask(Asked(Kind.MEMBERS, members.next, PAGE_SIZE))).members
        members = None if more is None else Slice(members.found + more.found, more.next)
    while connections is not None and connections.next is not None:
        others = (await ask(Asked(Kind.CONNECTIONS, connections.next, PAGE_SIZE))).connections
        connections = None if others is None else Slice(connections.found + others.found, others.next)
    while keys is not None and keys.next is not None:
        rest = (await ask(Asked(Kind.API_KEYS, keys.next, PAGE_SIZE))).api_keys
        keys = None if rest is None else Slice(keys.found + rest.found, rest.next)
    return Reach(members, connections, keys, first.withheld)
