"""`consentry catalog …`: the reference of permissions and scopes, for a product's own documents."""

from pathlib import Path

import typer

from consentry.catalog_reference import SCHEME, catalog_markdown, openapi_scheme
from consentry.cli.options import AsJson, ConfigFile, settings_of
from consentry.cli.output import show
from consentry.cli.readiness import require_catalog
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.identity_scopes import with_identity_scopes
from consentry.settings import Settings

commands = typer.Typer()
_catalog = typer.Typer(
    name="catalog", help="Write the reference of permissions and scopes from the catalog.", no_args_is_help=True
)
commands.add_typer(_catalog)


@_catalog.command("markdown")
def markdown(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Write the reference as Markdown, as the server shows it at /docs/scopes.md."""
    catalog, settings = _load(config)
    text = catalog_markdown(catalog, settings.product_name)
    if as_json:
        show({"markdown": text}, as_json=True)
    else:
        typer.echo(text, nl=False)


@_catalog.command("openapi")
def openapi(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Write the OAuth 2 security scheme with every scope, as JSON to merge into your API's OpenAPI document."""
    _ = as_json  # It is JSON either way.
    catalog, settings = _load(config)
    show({"components": {"securitySchemes": {SCHEME: openapi_scheme(catalog, settings.issuer)}}}, as_json=True)


def _load(config: Path | None) -> tuple[Catalog, Settings]:
    settings = settings_of(config)
    require_catalog(settings)
    catalog = parse_catalog(settings.catalog.read_text(encoding="utf-8"))
    return with_identity_scopes(catalog) if settings.openid_connect else catalog, settings
