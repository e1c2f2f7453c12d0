"""`consentry keys …`: the keys that sign what this server says to other programs."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, run_deed
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import note, show
from consentry.cli.shown_values import Item
from consentry.model.signing_key import SigningKey, signing_now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
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
        return _items(await deeds.signing_keys.kept(BY_COMMAND_LINE), now)

    show(run_deed(config, deed), as_json=as_json)


@_keys.command("rotate")
def rotate(
    *,
    algorithm: Annotated[str | None, typer.Option(help="ES256, RS256 or EdDSA; without it, all of them.")] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Sign with the new key at once: for a key that leaked or cannot be opened.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make new signing keys. Each signs after an hour in /oauth/jwks; the one before stays there for a day more."""

    async def deed(deeds: "Deeds") -> list[Item]:
        algorithms = deeds.signing_keys.algorithms if algorithm is None else (algorithm,)
        made = [await deeds.signing_keys.rotate(BY_COMMAND_LINE, one, at_once=now) for one in algorithms]
        return _items(await deeds.signing_keys.kept(BY_COMMAND_LINE), deeds.clock.now(), only={key.id for key in made})

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        when = "within 30 seconds" if now else "in an hour, when others have it"
        note(f"They sign {when}. The keys before stay in /oauth/jwks for a day more, so nothing signed is cut off.")


def _items(keys: "Sequence[SigningKey]", now: "datetime", only: "Collection[str] | None" = None) -> list[Item]:
    signing = {key.id for key in signing_now(keys, now).values()}
    return [
        {
            "id": key.id,
            "algorithm": key.algorithm,
            "created_at": key.created_at,
            "retired_at": key.retired_at,
            "status": _status(key, signing, now),
        }
        for key in keys
        if only is None or key.id in only
    ]


def _status(key: SigningKey, signing: "Collection[str]", now: "datetime") -> str:
    if key.id in signing:
        return "signing"
    if key.may_sign(now):
        return "next"
    return "published" if key.is_published(now) else "retired"
