"""`consentry connection …`: what users approved, and its end."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import show
from consentry.cli.people import organisation_id_of
from consentry.cli.shown_values import Item
from consentry.json_objects import connection_object
from consentry.model.connection_today import ConnectionToday
from consentry.model.ids import ClientId, ConnectionId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from consentry.wiring import Deeds

commands = typer.Typer()
_connections = typer.Typer(name="connection", help="See what users approved, and end it.", no_args_is_help=True)
commands.add_typer(_connections)


@_connections.command("list")
def list_connections(
    organisation: Annotated[str | None, typer.Argument(metavar="[ORG]", help="Only this organisation's.")] = None,
    *,
    app: Annotated[str | None, typer.Option(metavar="CLIENT_ID", help="Only those to this app.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List connections, newest first."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        owner = None if organisation is None else await organisation_id_of(deeds, organisation)
        client_id = None if app is None else ClientId(app)
        async for page in pages_of(
            lambda after: deeds.connections.list_all(
                BY_COMMAND_LINE, owner, client_id=client_id, include_ended=ended, after=after, limit=PAGE_SIZE
            ),
            lambda today: today.details.connection.id,
        ):
            yield [_item(today) if as_json else _row(today) for today in page]

    show_pages(config, listing, as_json=as_json)


@_connections.command("revoke")
def revoke(
    connection_id: Annotated[str, typer.Argument(metavar="ID", help="The connection's ID: con_…")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """End a connection: from now on no token under it does anything."""

    async def deed(deeds: "Deeds") -> ConnectionToday:
        return await deeds.connections.end(BY_COMMAND_LINE, ConnectionId(connection_id))

    show(_item(run_deed(config, deed)), as_json=as_json)


def _item(today: ConnectionToday) -> Item:
    return {
        **connection_object(today),
        "scopes": list(today.details.connection.scopes),
        "works_today": [f"{scope.name}: {scope.holding.value}" for scope in today.scopes],
        "status": _status(today),
    }


def _row(today: ConnectionToday) -> Item:
    details, connection = today.details, today.details.connection
    return {
        "id": connection.id,
        "app": details.app_name,
        "user": details.user_email,
        "organisation": details.organisation_name,
        "scopes": list(connection.scopes),
        "last used": connection.last_used_at,
        "status": _status(today),
    }


def _status(today: ConnectionToday) -> str:
    if not today.details.connection.is_live:
        return "ended"
    return "active" if today.paused is None else "paused"
