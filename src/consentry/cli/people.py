"""`consentry org …` and `consentry user …`: organisations and users."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import CommandError, show
from consentry.cli.shown_values import Item
from consentry.json_objects import organisation_object, user_object
from consentry.model.organisation import Standing, UnverifiedApps, User
from consentry.model.password import PASSWORD_BYTES_MOST
from consentry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from consentry.model.ids import OrganisationId
    from consentry.wiring import Deeds

commands = typer.Typer()
_organisations = typer.Typer(name="org", help="Make organisations and look after them.", no_args_is_help=True)
_users = typer.Typer(name="user", help="Make users and look after them.", no_args_is_help=True)
commands.add_typer(_organisations)
commands.add_typer(_users)

OrganisationArgument = Annotated[
    str, typer.Argument(metavar="ORG", help="The organisation: its ID, or its name where only one has it.")
]
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]


async def organisation_id_of(deeds: "Deeds", name_or_id: str) -> "OrganisationId":
    """Return the identifier of the organisation that a command names."""
    return (await deeds.people.organisations.named(BY_COMMAND_LINE, name_or_id)).id


async def user_of(deeds: "Deeds", email: str) -> User:
    """Return the user that a command names; raises CommandError if there is none."""
    found = await deeds.people.users.find_by_email(BY_COMMAND_LINE, email)
    if found is None:
        raise CommandError(f"There is no user with the address {email}. Make one with: consentry user create")
    return found


@_organisations.command("create")
def create_organisation(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The organisation's name.")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an organisation."""

    async def deed(deeds: "Deeds") -> Item:
        return organisation_object(await deeds.people.organisations.create(BY_COMMAND_LINE, name))

    show(run_deed(config, deed), as_json=as_json)


@_organisations.command("list")
def list_organisations(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all organisations."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        async for page in pages_of(
            lambda after: deeds.people.organisations.page(BY_COMMAND_LINE, after=after, limit=PAGE_SIZE),
            lambda one: one.id,
        ):
            yield [organisation_object(one) for one in page]

    show_pages(config, listing, as_json=as_json)


@_organisations.command("suspend")
def suspend_organisation(
    organisation: OrganisationArgument, *, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Suspend an organisation: every token and key in it stops at once."""
    show(run_deed(config, _standing_of_organisation(organisation, Standing.SUSPENDED)), as_json=as_json)


@_organisations.command("reinstate")
def reinstate_organisation(
    organisation: OrganisationArgument, *, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Let a suspended organisation work again."""
    show(run_deed(config, _standing_of_organisation(organisation, Standing.ACTIVE)), as_json=as_json)


@_organisations.command("unverified-apps")
def set_unverified_apps(
    organisation: OrganisationArgument,
    said: Annotated[UnverifiedApps, typer.Argument(metavar="allowed|refused", help="What becomes of such apps.")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Allow or refuse apps that registered themselves. Refused, they stop at once; allowed again, they go on."""

    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        changed = await deeds.people.organisations.set_unverified_apps(BY_COMMAND_LINE, organisation_id, said)
        return organisation_object(changed)

    show(run_deed(config, deed), as_json=as_json)


@_users.command("create")
def create_user(
    email: EmailArgument,
    *,
    name: Annotated[str | None, typer.Option(help="The name that pages show; the address where left out.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, up to the line's end.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a user, who can sign in once there is a password."""
    password = _read_password() if password_stdin else None

    async def deed(deeds: "Deeds") -> Item:
        user = await deeds.people.users.create(BY_COMMAND_LINE, email, name=name, password=password)
        return user_object(user)

    show(run_deed(config, deed), as_json=as_json)


@_users.command("sign-out")
def sign_out(email: EmailArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """End every session of a user, and have the apps told that signed in under them."""

    async def deed(deeds: "Deeds") -> Item:
        user = await user_of(deeds, email)
        ended = await deeds.people.users.sign_out_everywhere(BY_COMMAND_LINE, user.id)
        return {**user_object(user), "sessions_ended": ended}

    show(run_deed(config, deed), as_json=as_json)


@_users.command("password")
def set_password(email: EmailArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Set a user's password, read from standard input. Every session of the user ends."""
    password = _read_password()

    async def deed(deeds: "Deeds") -> Item:
        user = await user_of(deeds, email)
        await deeds.people.users.set_password(BY_COMMAND_LINE, user.id, password)
        return user_object(user)

    show(run_deed(config, deed), as_json=as_json)


@_users.command("claims")
def claims(
    email: EmailArgument,
    *,
    file: Annotated[
        Path | None,
        typer.Option(help="A JSON file with the claims to put in place of all; without it they are shown."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show or set what apps may be told of a user beyond name and address (OpenID Connect)."""
    given = None if file is None else _read_claims(file)

    async def deed(deeds: "Deeds") -> Item:
        user = await user_of(deeds, email)
        if given is None:
            kept = await deeds.user_claims.get(BY_COMMAND_LINE, user.id)
        else:
            kept = await deeds.user_claims.set(BY_COMMAND_LINE, user.id, given)
        return {**user_object(user), "claims": kept}

    show(run_deed(config, deed), as_json=as_json)


@_users.command("suspend")
def suspend_user(email: EmailArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Suspend a user: sessions, tokens and keys stop at once."""
    show(run_deed(config, _standing_of_user(email, Standing.SUSPENDED)), as_json=as_json)


@_users.command("reinstate")
def reinstate_user(email: EmailArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let a suspended user work again."""
    show(run_deed(config, _standing_of_user(email, Standing.ACTIVE)), as_json=as_json)


@_users.command("list")
def list_users(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all users."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        async for page in pages_of(
            lambda after: deeds.people.users.page(BY_COMMAND_LINE, after=after, limit=PAGE_SIZE), lambda one: one.id
        ):
            yield [user_object(one) for one in page]

    show_pages(config, listing, as_json=as_json)


def _standing_of_organisation(organisation: str, standing: Standing) -> "Callable[[Deeds], Awaitable[Item]]":
    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        changed = await deeds.people.organisations.set_standing(BY_COMMAND_LINE, organisation_id, standing)
        return organisation_object(changed)

    return deed


def _read_claims(file: Path) -> dict[str, Any]:
    try:
        given = json.loads(file.read_bytes())
    except (OSError, ValueError) as fault:
        raise CommandError(f"{file} cannot be read as JSON: {fault}") from fault
    if not isinstance(given, dict):
        raise CommandError(f"{file} must hold a JSON object, with the name of a claim before each value.")
    return given


def _standing_of_user(email: str, standing: Standing) -> "Callable[[Deeds], Awaitable[Item]]":
    async def deed(deeds: "Deeds") -> Item:
        user = await user_of(deeds, email)
        return user_object(await deeds.people.users.set_standing(BY_COMMAND_LINE, user.id, standing))

    return deed


def _read_password() -> Secret:
    """Return the first line of standard input, without its end."""
    line = sys.stdin.readline(PASSWORD_BYTES_MOST + 2)
    return Secret(line.removesuffix("\n").removesuffix("\r"))
