"""`consentry init`: a commented configuration and a small catalog to start from."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from consentry.cli.options import AsJson
from consentry.cli.output import CommandError, note, show
from consentry.settings_sources import CONFIG_NAME

commands = typer.Typer()

_CATALOG_NAME = "catalog.toml"


@commands.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder to write to.")] = Path(),
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help=f"Write the configuration here, not to DIR/{CONFIG_NAME}."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a commented configuration and a starter catalog. Files that exist are left alone."""
    target = config or folder / CONFIG_NAME
    catalog = target.parent / _CATALOG_NAME
    for file in (target, catalog):
        if file.exists():
            raise CommandError(f"{file} exists already; nothing was written. Name another folder: consentry init DIR")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, CONFIG_NAME)
        _write(catalog, _CATALOG_NAME)
    except OSError as fault:
        raise CommandError(f"Cannot write to {target.parent}: {fault.strerror}. Name another folder.") from None
    show({"config": str(target), "catalog": str(catalog)}, as_json=as_json)
    if not as_json:
        note(f"Read and change both, then start the server: consentry serve --config {target}")


def _write(file: Path, template: str) -> None:
    text = files("consentry.cli").joinpath("starter", template).read_text(encoding="utf-8")
    with file.open("x", encoding="utf-8") as handle:
        handle.write(text)
