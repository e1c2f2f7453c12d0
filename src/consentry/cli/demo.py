"""`consentry demo`: the whole product at work, with a sample product, sample apps and sample people."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consentry.cli.options import AsJson
from consentry.cli.output import CommandError

if TYPE_CHECKING:
    from consentry.demo.welcome import Running

commands = typer.Typer()

_DEFAULT_CONFIG = Path(".demo") / "consentry.toml"


@commands.command("demo")
def demo(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Take three free ports, from this one on.")] = 8400,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew: forget what an earlier demo left.")] = False,
    database_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this empty PostgreSQL database, not SQLite.", show_default=False),
    ] = None,
    config: Annotated[
        Path,
        typer.Option("--config", metavar="FILE", help="Keep the demo's configuration here, and all else beside it."),
    ] = _DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Try it out: run the server with a sample product, two sample apps and sample people, until Ctrl-C."""
    # Loaded here so that `consentry --help` stays fast.
    from consentry.demo.failure import DemoError  # noqa: PLC0415 - see above
    from consentry.demo.run import run_demo  # noqa: PLC0415 - see above
    from consentry.demo.welcome import describe, welcome  # noqa: PLC0415 - see above

    def tell_ready(running: "Running") -> None:
        typer.echo(json.dumps(describe(running), ensure_ascii=False) if as_json else welcome(running))

    try:
        run_demo(config, first_port=port, fresh=fresh, tell_ready=tell_ready, database_url=database_url)
    except DemoError as fault:
        raise CommandError(str(fault)) from None
    if not as_json:
        typer.echo("Stopped.")
