"""`consentry app allow-acting` and `app stop-acting`: whether an app acts for the organisation that owns it."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, run_deed
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import show
from consentry.cli.shown_values import Item

if TYPE_CHECKING:
    from consentry.wiring import Deeds

commands = typer.Typer()

_ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The app's client ID.")]


@commands.command("allow-acting")
def allow_acting(client_id: _ClientId, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let a confidential app act for its organisation by itself (client credentials), with the scopes that it has."""

    async def deed(deeds: "Deeds") -> Item:
        connection = await deeds.services.members.allow(BY_COMMAND_LINE, client_id)
        return {
            "client_id": client_id,
            "organisation": connection.organisation_id,
            "user": connection.user_id,
            "connection": connection.id,
            "scopes": list(connection.scopes),
        }

    show(run_deed(config, deed), as_json=as_json)


@commands.command("stop-acting")
def stop_acting(client_id: _ClientId, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Take that back: the app's own tokens do nothing from now on. People's connections stay."""

    async def deed(deeds: "Deeds") -> None:
        await deeds.services.members.stop(BY_COMMAND_LINE, client_id)

    run_deed(config, deed)
    show({"client_id": client_id, "acts_for_organisation": False}, as_json=as_json)
