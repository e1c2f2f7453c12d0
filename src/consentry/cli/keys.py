"""`consentry key …`: API keys, made for a member and revoked."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, parse_moment, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import note, show
from consentry.cli.people import organisation_id_of
from consentry.cli.shown_values import Item
from consentry.json_objects import api_key_object
from consentry.model.api_key import LIFETIME_MOST, ApiKeyDetails, KeyDraft, KeyOwner, key_status
from consentry.model.faults import NotFoundError
from consentry.model.ids import ApiKeyId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from consentry.wiring import Deeds

commands = typer.Typer()
_keys = typer.Typer(name="key", help="Make, list and revoke API keys.", no_args_is_help=True)
commands.add_typer(_keys)

_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([dy])")
_DAYS = {"d": 1, "y": 365}


def _parse_expiry(text: str) -> "timedelta | datetime | None":
    """Return the lifetime or the moment that `--expires` names, None for `never`."""
    if text == "never":
        return None
    lifetime = _LIFETIME.fullmatch(text)
    if lifetime is None:
        return parse_moment(text)
    span = timedelta(days=int(lifetime[1]) * _DAYS[lifetime[2]])
    if span > LIFETIME_MOST:
        raise typer.BadParameter("That is more than 100 years. Write never for a key that does not expire.")
    return span


@_keys.command("create")
def create(
    organisation: Annotated[str, typer.Argument(metavar="ORG", help="The organisation that the key works in.")],
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The member for whom the key acts.")],
    *,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    permission: Annotated[list[str], typer.Option(help="A permission that the member holds; may be repeated.")],
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="90d, 1y, a date or time, or never.", show_default="api_key_default_lifetime"
        ),
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="An IP address or CIDR block that may use it; may be repeated.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key for a member. Its text is shown here, once."""
    chosen = None if expires is None else _parse_expiry(expires)

    async def deed(deeds: "Deeds") -> Item:
        now = deeds.clock.now()
        expires_at: datetime | None
        if expires is None:
            expires_at = deeds.api_keys.default_expiry()
        else:
            expires_at = now + chosen if isinstance(chosen, timedelta) else chosen
        user = await deeds.people.users.find_by_email(BY_COMMAND_LINE, email)
        if user is None:
            raise NotFoundError("user")
        draft = KeyDraft(name, tuple(permission), expires_at, tuple(network or ()))
        owner = KeyOwner(await organisation_id_of(deeds, organisation), user.id)
        shown = await deeds.api_keys.create(BY_COMMAND_LINE, draft, owner)
        return {**api_key_object(shown.details, now), "key": shown.text.reveal()}

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note("Keep the key safe now: it cannot be shown again.")


@_keys.command("list")
def list_keys(
    organisation: Annotated[str | None, typer.Argument(metavar="[ORG]", help="Only this organisation's.")] = None,
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List API keys, newest first, revoked and expired ones too."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        owner = None if organisation is None else await organisation_id_of(deeds, organisation)
        async for page in pages_of(
            lambda after: deeds.api_keys.list_all(BY_COMMAND_LINE, owner, after=after, limit=PAGE_SIZE),
            lambda details: details.key.id,
        ):
            now = deeds.clock.now()
            yield [api_key_object(details, now) if as_json else _row(details, now) for details in page]

    show_pages(config, listing, as_json=as_json)


@_keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's ID: key_…")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an API key: it is refused from now on. It stays in the list."""

    async def deed(deeds: "Deeds") -> Item:
        return api_key_object(await deeds.api_keys.revoke(BY_COMMAND_LINE, ApiKeyId(key_id)), deeds.clock.now())

    show(run_deed(config, deed), as_json=as_json)


def _row(details: ApiKeyDetails, now: "datetime") -> Item:
    key = details.key
    return {
        "id": key.id,
        "name": key.name,
        "user": details.user_email,
        "permissions": sorted(key.permissions),
        "last used": key.last_used_at,
        "expires": "never" if key.expires_at is None else key.expires_at.date().isoformat(),
        "status": key_status(key, now),
    }
