"""`consentry keys …`: the keys that sign what this server says to other programs."""

from typing import TYPE_CHECKING

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, run_deed
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import Item, note, show
from consentry.model.signing_key import SigningKey

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.wiring import Deeds

commands = typer.Typer()
_keys = typer.Typer(name="keys", help="List and rotate the server's signing keys.", no_args_is_help=True)
commands.add_typer(_keys)


@_keys.command("list")
def list_keys(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the signing keys, newest first; never their private halves."""

    async def deed(deeds: "Deeds") -> list[Item]:
        now = deeds.clock.now()
        return [_item(key, now) for key in await deeds.signing_keys.kept(BY_COMMAND_LINE)]

    show(run_deed(config, deed), as_json=as_json)


@_keys.command("rotate")
def rotate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Make a new signing key. The one before stays published for a day; running servers change within 30 seconds."""

    async def deed(deeds: "Deeds") -> Item:
        return _item(await deeds.signing_keys.rotate(BY_COMMAND_LINE), deeds.clock.now())

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note("The key before stays in /oauth/jwks for a day, so nothing that it signed is cut off.")


def _item(key: SigningKey, now: "datetime") -> Item:
    status = "published" if key.is_published(now) else "retired"
    return {
        "id": key.id,
        "created_at": key.created_at,
        "retired_at": key.retired_at,
        "status": "current" if key.retired_at is None else status,
    }
