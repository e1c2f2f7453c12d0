"""`consentry serve`: run the server."""

import os
import socket
from dataclasses import replace
from typing import Annotated, Any

import typer

from consentry.cli.migrate import bring_up_to_date, require_folder
from consentry.cli.options import AsJson, ConfigFile, settings_of
from consentry.cli.output import CommandError, show
from consentry.model.catalog import CatalogError, parse_catalog
from consentry.model.guard_routes_reading import GuardRoutesError, parse_guard_routes
from consentry.settings import LogFormat, Settings
from consentry.settings_sources import CONFIG_VARIABLE, find_config
from consentry.settings_values import shown_database

commands = typer.Typer()

_APPLICATION = "consentry.web.asgi:create_app"
_GRACE_SECONDS = 10


@commands.command("serve")
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="The number of processes.")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Run the server until Ctrl-C. An empty SQLite file gets its schema first."""
    settings = settings_of(config)
    settings = replace(
        settings,
        host=host or settings.host,
        port=port or settings.port,
        workers=workers or settings.workers,
    )
    require_catalog(settings)
    _require_guard_routes(settings)
    require_schema(settings)
    _require_free_address(settings.host, settings.port)
    found = find_config(config, os.environ)
    if found is not None:
        # The server's processes load the settings themselves, from here.
        os.environ[CONFIG_VARIABLE] = str(found.absolute())
    host_in_url = f"[{settings.host}]" if ":" in settings.host else settings.host
    show(
        {
            "issuer": settings.issuer,
            "listening": f"http://{host_in_url}:{settings.port}",
            "workers": settings.workers,
            "database": shown_database(settings.database_url),
        },
        as_json=as_json,
    )
    # Loaded here so that `consentry --help` stays fast.
    import uvicorn  # noqa: PLC0415 - see above

    uvicorn.run(
        _APPLICATION,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        # The query of an authorization response holds a code; a line per request is for the proxy in front to write.
        access_log=False,
        log_config=_log_config(settings.log_format),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def require_catalog(settings: Settings) -> None:
    """Return if the catalog can be used; raises CommandError otherwise."""
    try:
        parse_catalog(settings.catalog.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"There is no catalog at {settings.catalog}. Make one with: consentry init") from None
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"The catalog {settings.catalog} cannot be read as UTF-8 text.") from None
    except CatalogError as fault:
        raise CommandError(f"{settings.catalog}: {fault}") from None


def _require_guard_routes(settings: Settings) -> None:
    file = settings.guard_routes
    if file is None:
        return
    try:
        parse_guard_routes(file.read_text(encoding="utf-8"), parse_catalog(settings.catalog.read_text("utf-8")))
    except FileNotFoundError:
        raise CommandError(f"There is no routes file at {file}. Write one, or take guard_routes away.") from None
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"The routes file {file} cannot be read as UTF-8 text.") from None
    except GuardRoutesError as fault:
        raise CommandError(f"{file}: {fault}") from None


def require_schema(settings: Settings) -> None:
    """Return if the database has the schema; raises CommandError otherwise.

    An empty SQLite file is given it now. PostgreSQL never is: several processes serve from it, and who may change its
    tables is often not who serves.
    """
    # Loaded here so that `consentry --help` stays fast.
    from consentry.storage.opening import faults_of  # noqa: PLC0415 - see above
    from consentry.storage.schema import SchemaOutdatedError, find_version, require_current  # noqa: PLC0415 - see above

    require_folder(settings)
    url = settings.database_url
    try:
        if settings.sqlite_path is not None and find_version(url) is None:
            bring_up_to_date(settings)
        require_current(url, settings.directory_view_members)
    except SchemaOutdatedError as fault:
        raise CommandError(str(fault)) from None
    except faults_of(url) as fault:
        name = shown_database(url)
        raise CommandError(f"The database {name} cannot be opened: {fault}. Check database_url.") from None


def _require_free_address(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise CommandError(
            f"Cannot listen on {host}, port {port}: {fault.strerror}. "
            "Stop the program that uses it, or choose another with --port or --host."
        ) from None


def _log_config(log_format: LogFormat) -> dict[str, Any]:
    line = {"format": "%(asctime)s %(levelname)s %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "consentry.cli.json_lines.JsonLines"} if log_format is LogFormat.JSON else line},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
    }
