"""`consentry member …` and `consentry role …`: who belongs to an organisation, and what they may do in it."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import show
from consentry.cli.people import EmailArgument, OrganisationArgument, organisation_id_of, user_of
from consentry.cli.shown_values import Item
from consentry.model.organisation import MemberDetails
from consentry.model.service_member import is_service_email

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from consentry.flows.roles import KnownRole
    from consentry.wiring import Deeds

commands = typer.Typer()
_members = typer.Typer(name="member", help="Say who belongs to an organisation.", no_args_is_help=True)
_roles = typer.Typer(name="role", help="Say what the roles of an organisation include.", no_args_is_help=True)
commands.add_typer(_members)
commands.add_typer(_roles)

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]


@_members.command("set")
def set_member(
    organisation: OrganisationArgument,
    email: EmailArgument,
    *,
    role: Annotated[list[str], typer.Option(help="A role that the member shall have; may be repeated.")],
    permission: Annotated[
        list[str] | None,
        typer.Option(help="A permission of a member who is tuned, in place of those of the roles; may be repeated."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a user a member with exactly these roles, or change them. It holds for the very next request."""

    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        user = await user_of(deeds, email)
        found = await deeds.people.members.set(BY_COMMAND_LINE, organisation_id, user.id, role, permission)
        return _member_item(deeds, found)

    show(run_deed(config, deed), as_json=as_json)


@_members.command("remove")
def remove_member(
    organisation: OrganisationArgument, email: EmailArgument, *, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Take a member out of an organisation: what acts for them there stops at once."""

    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        user = await user_of(deeds, email)
        await deeds.people.members.remove(BY_COMMAND_LINE, organisation_id, user.id)
        return {"id": user.id, "organisation": organisation_id, "status": "removed"}

    show(run_deed(config, deed), as_json=as_json)


@_members.command("list")
def list_members(organisation: OrganisationArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the members of an organisation."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        organisation_id = await organisation_id_of(deeds, organisation)
        async for page in pages_of(
            lambda after: deeds.people.members.page(BY_COMMAND_LINE, organisation_id, after=after, limit=PAGE_SIZE),
            lambda one: one.user.id,
        ):
            yield [_member_item(deeds, one) for one in page]

    show_pages(config, listing, as_json=as_json)


@_roles.command("set")
def set_role(
    organisation: OrganisationArgument,
    role: RoleArgument,
    *,
    permission: Annotated[list[str], typer.Option(help="A permission of the role; may be repeated.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Define a role in an organisation, or a built-in one anew: exactly these permissions."""

    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        return _role_item(await deeds.people.roles.set(BY_COMMAND_LINE, organisation_id, role, permission))

    show(run_deed(config, deed), as_json=as_json)


@_roles.command("remove")
def remove_role(
    organisation: OrganisationArgument, role: RoleArgument, *, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Remove an organisation's own definition of a role."""

    async def deed(deeds: "Deeds") -> Item:
        organisation_id = await organisation_id_of(deeds, organisation)
        await deeds.people.roles.remove(BY_COMMAND_LINE, organisation_id, role)
        return {"name": role, "organisation": organisation_id, "status": "removed"}

    show(run_deed(config, deed), as_json=as_json)


@_roles.command("list")
def list_roles(organisation: OrganisationArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the roles that members of an organisation can be given."""

    async def deed(deeds: "Deeds") -> list[Item]:
        organisation_id = await organisation_id_of(deeds, organisation)
        return [_role_item(one) for one in await deeds.people.roles.list(BY_COMMAND_LINE, organisation_id)]

    show(run_deed(config, deed), as_json=as_json)


def _member_item(deeds: "Deeds", details: MemberDetails) -> Item:
    custom = details.member.custom_permissions
    return {
        "id": details.user.id,
        "organisation": details.member.organisation_id,
        "email": details.user.email,
        "name": details.user.name,
        "is_app": is_service_email(details.user.email),
        "roles": [grant.name for grant in details.member.roles],
        "custom_permissions": None if custom is None else custom.split(),
        "permissions": sorted(deeds.people.members.permissions_of(details.member)),
        "standing": details.member.standing.value,
    }


def _role_item(role: "KnownRole") -> Item:
    return {
        "name": role.name,
        "title": role.title,
        "built_in": role.built_in,
        "own": role.own,
        "permissions": sorted(role.permissions),
    }
