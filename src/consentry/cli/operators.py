"""`consentry operator …` and `consentry resource …`: who else may ask Consentry, and for what."""

from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import note, show
from consentry.cli.shown_values import Item
from consentry.json_objects import resource_object
from consentry.model.ids import OperatorId
from consentry.model.organisation import Operator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from consentry.wiring import Deeds

commands = typer.Typer()
_operators = typer.Typer(name="operator", help="Make operators of the management API.", no_args_is_help=True)
_resources = typer.Typer(name="resource", help="Register the product's APIs.", no_args_is_help=True)
commands.add_typer(_resources)
commands.add_typer(_operators)

_KEEP_TOKEN = "Keep the operator token safe now: it may do everything, and cannot be shown again."  # noqa: S105 - a sentence
_KEEP_SECRET = "Keep the client secret safe now: it cannot be shown again."  # noqa: S105 - a sentence


@_operators.command("create")
def create_operator(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the token is for.")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an operator, whose token may do everything through the management API. It is shown once."""

    async def deed(deeds: "Deeds") -> Item:
        created = await deeds.operators.create(BY_COMMAND_LINE, name)
        return {**_operator_item(created.operator), "token": created.token.reveal()}

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note(_KEEP_TOKEN)


@_operators.command("list")
def list_operators(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all operators; never their tokens."""

    async def deed(deeds: "Deeds") -> list[Item]:
        return [_operator_item(one) for one in await deeds.operators.list(BY_COMMAND_LINE)]

    show(run_deed(config, deed), as_json=as_json)


@_operators.command("revoke")
def revoke_operator(
    operator: Annotated[str, typer.Argument(metavar="ID", help="The operator's ID.")],
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """End an operator's token at once."""

    async def deed(deeds: "Deeds") -> Item:
        await deeds.operators.revoke(BY_COMMAND_LINE, OperatorId(operator))
        return {"id": operator, "status": "revoked"}

    show(run_deed(config, deed), as_json=as_json)


@_resources.command("register")
def register_resource(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The API's name.")],
    *,
    identifier: Annotated[str, typer.Option(metavar="URL", help="Its RFC 8707 resource: an absolute URL.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Register a product API. Its client ID and secret, for introspection, are shown once."""

    async def deed(deeds: "Deeds") -> Item:
        registered = await deeds.resources.register(BY_COMMAND_LINE, name, identifier)
        return {**resource_object(registered.resource), "client_secret": registered.client_secret.reveal()}

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note(_KEEP_SECRET)


@_resources.command("list")
def list_resources(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the registered APIs."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        async for page in pages_of(
            lambda after: deeds.resources.page(BY_COMMAND_LINE, after=after, limit=PAGE_SIZE), lambda one: one.id
        ):
            yield [resource_object(one) for one in page]

    show_pages(config, listing, as_json=as_json)


def _operator_item(operator: Operator) -> Item:
    return {
        "id": operator.id,
        "name": operator.name,
        "created_at": operator.created_at,
        "revoked_at": operator.revoked_at,
    }
