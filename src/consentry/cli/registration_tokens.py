"""`consentry registration-token …`: who may register apps by program."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, parse_moment, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import note, show
from consentry.cli.shown_values import Item
from consentry.model.registration_token import RegistrationToken, RegistrationTokenId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from consentry.wiring import Deeds

commands = typer.Typer()
_tokens = typer.Typer(name="registration-token", help="Let programs register apps (RFC 7591).", no_args_is_help=True)
commands.add_typer(_tokens)

_KEEP_TOKEN = "Give the token to whoever may register apps: it cannot be shown again."  # noqa: S105 - a sentence


@_tokens.command("create")
def create_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the token is for.")],
    *,
    uses: Annotated[
        int | None, typer.Option(metavar="N", help="How many apps it may register: any number, if left out.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", parser=parse_moment, help="When it stops working: never, if left out."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an initial access token, which lets its holder register apps. It is shown once."""

    async def deed(deeds: "Deeds") -> Item:
        created = await deeds.registration.tokens.create(BY_COMMAND_LINE, name, expires_at=expires, uses=uses)
        return {**_item(created.record), "token": created.token.reveal()}

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note(_KEEP_TOKEN)


@_tokens.command("list")
def list_tokens(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all initial access tokens, those that ended too; never their text."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        async for page in pages_of(
            lambda after: deeds.registration.tokens.page(BY_COMMAND_LINE, after=after, limit=PAGE_SIZE),
            lambda token: token.id,
        ):
            yield [_item(token) for token in page]

    show_pages(config, listing, as_json=as_json)


@_tokens.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's ID: rgt_…")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """End an initial access token at once. The apps that were registered with it stay."""

    async def deed(deeds: "Deeds") -> Item:
        await deeds.registration.tokens.revoke(BY_COMMAND_LINE, RegistrationTokenId(token))
        return {"id": token, "status": "revoked"}

    show(run_deed(config, deed), as_json=as_json)


def _item(token: RegistrationToken) -> Item:
    return {
        "id": token.id,
        "name": token.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "uses_left": token.uses_left,
        "revoked_at": token.revoked_at,
    }
