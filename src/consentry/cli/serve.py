"""`consentry serve`: run the server."""

from pathlib import Path
from typing import Annotated

import typer

from consentry.cli.options import AsJson, ConfigFile
from consentry.cli.serving import MOST_WORKERS, ServeOptions, run_server

commands = typer.Typer()


@commands.command("serve")
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=MOST_WORKERS, help="The number of processes.")] = None,
    ssl_certfile: Annotated[
        Path | None, typer.Option(help="A certificate chain, PEM: https is served.", show_default=False)
    ] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="Its private key, PEM.", show_default=False)] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Run the server until Ctrl-C. An empty SQLite file gets its schema first."""
    run_server(
        ServeOptions(
            host=host,
            port=port,
            workers=workers,
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
            config=config,
            as_json=as_json,
        )
    )
