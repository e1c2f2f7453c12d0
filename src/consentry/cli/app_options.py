"""The options by which an app's behaviour in the protocol is set, and what they come to as client metadata."""

import json
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from consentry.cli.output import CommandError
from consentry.cli.shown_values import Item
from consentry.json_objects import app_object, metadata_object
from consentry.model.app import App
from consentry.oauth.client_metadata import ClientMetadata

GrantTypes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--grant-type", help="A grant that the app may use; may be repeated.", show_default=False),
]
PostLogoutUris: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--post-logout-redirect-uri", help="Where people may go after signing out.", show_default=False),
]
LogoutUri: TypeAlias = Annotated[
    str | None, typer.Option("--backchannel-logout-uri", help="Where the app is told of sign-outs.", show_default=False)
]
PushedOnly: TypeAlias = Annotated[
    bool | None,
    typer.Option("--require-par/--no-require-par", help="Whether it must push its requests.", show_default=False),
]
MetadataFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--metadata", metavar="FILE", help="A JSON file with members of RFC 7591.", show_default=False),
]


def members_of(
    file: Path | None,
    *,
    grant_types: list[str] | None,
    post_logout_redirect_uris: list[str] | None,
    backchannel_logout_uri: str | None,
    pushed_only: bool | None,
) -> dict[str, Any]:
    """Return the members that were given: those of the file, and those of options in their place.

    Raises CommandError for a file that cannot be read.
    """
    members = {} if file is None else _read(file)
    given = {
        "grant_types": grant_types or None,
        "post_logout_redirect_uris": post_logout_redirect_uris or None,
        "backchannel_logout_uri": backchannel_logout_uri,
        "require_pushed_authorization_requests": pushed_only,
    }
    return members | {name: value for name, value in given.items() if value is not None}


def shown_app(app: App, *, as_json: bool) -> Item:
    """Return the app as commands show it: for a person, without the metadata that has its default."""
    item = app_object(app)
    if as_json:
        return item
    default = metadata_object(ClientMetadata())
    return {name: value for name, value in item.items() if name not in default or value != default[name]}


def _read(file: Path) -> dict[str, Any]:
    try:
        members = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise CommandError(f"The file {file} cannot be read: {fault.strerror}.") from None
    except ValueError:
        raise CommandError(f"The file {file} must hold one JSON object, in UTF-8.") from None
    if not isinstance(members, dict):
        raise CommandError(f"The file {file} must hold one JSON object, in UTF-8.")
    return members
