"""`consentry app …`: apps and their client secrets."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli import app_acting
from consentry.cli.app_options import (
    GrantTypes,
    LogoutUri,
    MetadataFile,
    PostLogoutUris,
    PushedOnly,
    members_of,
    shown_app,
)
from consentry.cli.deeds import BY_COMMAND_LINE, PAGE_SIZE, pages_of, parse_moment, run_deed, show_pages
from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.output import note, show
from consentry.cli.people import organisation_id_of
from consentry.cli.shown_values import Item
from consentry.json_objects import app_object, app_secret_object
from consentry.model.app import App, AppType
from consentry.model.app_draft import AppChange, AppDraft
from consentry.model.client import AppDetails
from consentry.model.fixed_credentials import FixedCredentials
from consentry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from consentry.wiring import Deeds

commands = typer.Typer()
_apps = typer.Typer(name="app", help="Register apps and look after them.", no_args_is_help=True)
_secrets = typer.Typer(name="secret", help="Change an app's client secret without a pause.", no_args_is_help=True)
_apps.add_typer(_secrets)
_apps.add_typer(app_acting.commands)
commands.add_typer(_apps)

ClientIdArgument = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The app's client ID.")]

_KEEP_IT = "Keep the client secret safe now: it cannot be shown again."


@_apps.command("register")
def register(
    organisation: Annotated[str, typer.Argument(metavar="ORG", help="The organisation that the app belongs to.")],
    *,
    name: Annotated[str, typer.Option(help="The name that people read on the consent screen.")],
    app_type: Annotated[AppType, typer.Option("--type", help="Whether the app can keep a client secret.")],
    redirect_uri: Annotated[list[str] | None, typer.Option(help="Where people return to; may be repeated.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A required scope; may be repeated.")] = None,
    optional_scope: Annotated[list[str] | None, typer.Option(help="A scope that people can untick.")] = None,
    pkce: Annotated[bool, typer.Option("--pkce/--no-pkce", help="Whether the app must use PKCE.")] = True,
    grant_type: GrantTypes = None,
    post_logout_redirect_uri: PostLogoutUris = None,
    backchannel_logout_uri: LogoutUri = None,
    require_par: PushedOnly = None,
    metadata: MetadataFile = None,
    client_id: Annotated[
        str | None, typer.Option(help="A client ID of your own, for test suites and migrations.", show_default=False)
    ] = None,
    client_secret_stdin: Annotated[
        bool, typer.Option(help="Read a random client secret of your own from standard input.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Register an app. A confidential one gets its client secret here, once."""
    members = members_of(
        metadata,
        grant_types=grant_type,
        post_logout_redirect_uris=post_logout_redirect_uri,
        backchannel_logout_uri=backchannel_logout_uri,
        pushed_only=require_par,
    )
    uris, scopes = tuple(redirect_uri or ()), (tuple(scope or ()), tuple(optional_scope or ()))
    draft = AppDraft(name, app_type, uris, *scopes, require_pkce=pkce, metadata=members)
    fixed = FixedCredentials(client_id, Secret(sys.stdin.readline().rstrip("\r\n")) if client_secret_stdin else None)

    async def deed(deeds: "Deeds") -> Item:
        registered = await deeds.app_registry.register(
            BY_COMMAND_LINE, draft, organisation_id=await organisation_id_of(deeds, organisation), fixed=fixed
        )
        secret = registered.client_secret
        shown = None if secret is None or client_secret_stdin else secret.reveal()
        return {**shown_app(registered.app, as_json=as_json), "client_secret": shown}

    item = run_deed(config, deed)
    show(item, as_json=as_json)
    if item["client_secret"] is not None and not as_json:
        note(_KEEP_IT)


@_apps.command("edit")
def edit(
    client_id: ClientIdArgument,
    *,
    name: Annotated[str | None, typer.Option(help="Another name.", show_default=False)] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="All redirect URIs from now on; may be repeated.", show_default=False)
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="All required scopes from now on; may be repeated.", show_default=False)
    ] = None,
    optional_scope: Annotated[
        list[str] | None, typer.Option(help="All optional scopes from now on.", show_default=False)
    ] = None,
    pkce: Annotated[
        bool | None, typer.Option("--pkce/--no-pkce", help="Whether the app must use PKCE.", show_default=False)
    ] = None,
    grant_type: GrantTypes = None,
    post_logout_redirect_uri: PostLogoutUris = None,
    backchannel_logout_uri: LogoutUri = None,
    require_par: PushedOnly = None,
    metadata: MetadataFile = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Change an app: what is left out stays as it is."""
    members = members_of(
        metadata,
        grant_types=grant_type,
        post_logout_redirect_uris=post_logout_redirect_uri,
        backchannel_logout_uri=backchannel_logout_uri,
        pushed_only=require_par,
    )
    change = AppChange(name, _given(redirect_uri), _given(scope), _given(optional_scope), pkce, members)

    async def deed(deeds: "Deeds") -> App:
        return await deeds.app_registry.edit(BY_COMMAND_LINE, client_id, change)

    show(shown_app(run_deed(config, deed), as_json=as_json), as_json=as_json)


@_apps.command("list")
def list_apps(
    organisation: Annotated[str | None, typer.Argument(metavar="[ORG]", help="Only this organisation's.")] = None,
    *,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List apps by the time of their registration."""

    async def listing(deeds: "Deeds") -> "AsyncIterator[Sequence[Item]]":
        owner = None if organisation is None else await organisation_id_of(deeds, organisation)
        async for page in pages_of(
            lambda after: deeds.app_registry.page(BY_COMMAND_LINE, organisation_id=owner, after=after, limit=PAGE_SIZE),
            lambda app: app.client_id,
        ):
            yield [app_object(app) if as_json else _row(app) for app in page]

    show_pages(config, listing, as_json=as_json)


@_apps.command("show")
def show_app(client_id: ClientIdArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show an app, its secrets and its connections."""

    async def deed(deeds: "Deeds") -> AppDetails:
        return await deeds.app_registry.get_details(BY_COMMAND_LINE, client_id)

    details = run_deed(config, deed)
    item: Item = {
        **shown_app(details.app, as_json=as_json),
        "live_connections": details.live_connections,
        "has_more_connections": details.has_more_connections,
        "last_used_at": details.last_used_at,
        "secrets": [app_secret_object(secret) for secret in details.secrets],
    }
    show(item, as_json=as_json)


@_apps.command("deactivate")
def deactivate(client_id: ClientIdArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Stop an app: its tokens do nothing from now on, and nobody can connect it."""

    async def deed(deeds: "Deeds") -> App:
        return await deeds.app_registry.deactivate(BY_COMMAND_LINE, client_id)

    show(shown_app(run_deed(config, deed), as_json=as_json), as_json=as_json)


@_apps.command("reactivate")
def reactivate(client_id: ClientIdArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let a deactivated app work again, with the connections that it has."""

    async def deed(deeds: "Deeds") -> App:
        return await deeds.app_registry.reactivate(BY_COMMAND_LINE, client_id)

    show(shown_app(run_deed(config, deed), as_json=as_json), as_json=as_json)


@_apps.command("delete")
def delete(client_id: ClientIdArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """End an app, its secrets and its connections for good. The audit keeps its name."""

    async def deed(deeds: "Deeds") -> App:
        app = await deeds.app_registry.get(BY_COMMAND_LINE, client_id)
        await deeds.app_registry.delete(BY_COMMAND_LINE, client_id, confirm_name=None)
        return app

    app = run_deed(config, deed)
    show({"id": app.id, "client_id": app.client_id, "name": app.name, "status": "deleted"}, as_json=as_json)


@_secrets.command("add")
def add_secret(client_id: ClientIdArgument, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Give an app one more client secret, shown here once. Both work until one is retired."""

    async def deed(deeds: "Deeds") -> Item:
        added = await deeds.app_secrets.add(BY_COMMAND_LINE, client_id)
        return app_secret_object(added.record) | {"client_id": client_id, "client_secret": added.client_secret.reveal()}

    show(run_deed(config, deed), as_json=as_json)
    if not as_json:
        note(_KEEP_IT)


@_secrets.command("retire")
def retire_secret(
    client_id: ClientIdArgument,
    secret_id: Annotated[str, typer.Argument(metavar="SECRET_ID", help="The secret's ID: sec_…")],
    *,
    expires: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", parser=parse_moment, help="When it stops working: now, if left out."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """End a client secret, now or later."""

    async def deed(deeds: "Deeds") -> None:
        await deeds.app_secrets.retire(BY_COMMAND_LINE, client_id, secret_id, expires_at=expires)

    run_deed(config, deed)
    status = "retired" if expires is None else "expires"
    show({"id": secret_id, "client_id": client_id, "status": status, "expires_at": expires}, as_json=as_json)


def _given(values: list[str] | None) -> tuple[str, ...] | None:
    return tuple(values) if values else None


def _row(app: App) -> Item:
    return {
        "client_id": app.client_id,
        "name": app.name,
        "type": app.type.value,
        "status": app.status.value,
        "organisation": app.organisation_id,
        "created": app.created_at.date().isoformat(),
    }
