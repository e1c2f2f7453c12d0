"""What `consentry serve` does: check what must be there, listen, and serve in this process or look after several.

`serve` is the one command whose start is waited for, again and again, so what it loads is counted: plain options are
read here, and Typer, which is as large as the server itself, only where it has something to say.
"""

import logging.config
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from consentry.cli.database_schema import require_schema
from consentry.cli.output import show
from consentry.cli.readiness import listening_on, require_catalog, require_certificate, require_guard_routes
from consentry.settings import Settings, load_settings
from consentry.settings_sources import CONFIG_VARIABLE, find_config
from consentry.settings_values import shown_database

MOST_WORKERS = 64
_MOST_PORT = 65535
_JSON = "--json"
_OPTIONS = frozenset({"--host", "--port", "--workers", "--ssl-certfile", "--ssl-keyfile", "--config"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `consentry serve` was asked; None where the settings say it."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    config: Path | None = None
    as_json: bool = False


def plain_options(arguments: Sequence[str]) -> ServeOptions | None:
    """Read the options of `serve` from what follows it, each as `--name value` or `--json`, and none twice.

    Return None for anything else, such as `--help`, an abbreviation or a mistake: Typer reads that, and answers.
    """
    given: dict[str, str] = {}
    left = [one for one in arguments if one != _JSON]
    if len(left) % 2 or arguments.count(_JSON) > 1:
        return None
    for name, value in zip(left[::2], left[1::2], strict=True):
        if name in given or name not in _OPTIONS or value.startswith("-"):
            return None
        given[name] = value
    port, workers = given.get("--port"), given.get("--workers")
    if not (_in_range(port, _MOST_PORT) and _in_range(workers, MOST_WORKERS)):
        return None
    return ServeOptions(
        host=given.get("--host"),
        port=None if port is None else int(port),
        workers=None if workers is None else int(workers),
        ssl_certfile=_path(given.get("--ssl-certfile")),
        ssl_keyfile=_path(given.get("--ssl-keyfile")),
        config=_path(given.get("--config")),
        as_json=_JSON in arguments,
    )


def run_server(options: ServeOptions) -> None:
    """Serve until SIGTERM or Ctrl-C, and exit: 0 where everything under way was answered.

    Raises:
        SettingsError: see `load_settings`.
        CommandError: something that must be there is not.
    """
    found = find_config(options.config, os.environ)
    settings = load_settings(found, os.environ)
    settings = replace(
        settings,
        host=options.host or settings.host,
        port=options.port or settings.port,
        workers=options.workers or settings.workers,
        ssl_certfile=options.ssl_certfile or settings.ssl_certfile,
        ssl_keyfile=options.ssl_keyfile or settings.ssl_keyfile,
    )
    require_certificate(settings)
    require_catalog(settings)
    require_guard_routes(settings)
    require_schema(settings)
    with listening_on(settings.host, settings.port) as sockets:
        _tell(settings, as_json=options.as_json)
        if settings.workers == 1:
            from consentry.web.main import build_app  # noqa: PLC0415 - who looks after workers does not serve
            from consentry.web.serving import serve  # noqa: PLC0415 - see above

            serve(build_app(settings), settings, sockets)
            sys.exit(0)
        from consentry.cli.supervisor import Supervisor  # noqa: PLC0415 - a single process has none
        from consentry.web.serving import log_config  # noqa: PLC0415 - see above

        logging.config.dictConfig(log_config(settings.log_format))
        if found is not None:
            # The workers load the settings themselves, from here.
            os.environ[CONFIG_VARIABLE] = str(found.absolute())
        for name, file in (("SSL_CERTFILE", settings.ssl_certfile), ("SSL_KEYFILE", settings.ssl_keyfile)):
            if file is not None:
                os.environ[f"CONSENTRY_{name}"] = str(file.absolute())
        sys.exit(Supervisor(sockets, settings.workers).run())


def _tell(settings: Settings, *, as_json: bool) -> None:
    scheme = "http" if settings.ssl_certfile is None else "https"
    host_in_url = f"[{settings.host}]" if ":" in settings.host else settings.host
    show(
        {
            "issuer": settings.issuer,
            "listening": f"{scheme}://{host_in_url}:{settings.port}",
            "workers": settings.workers,
            "database": shown_database(settings.database_url),
        },
        as_json=as_json,
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _in_range(text: str | None, most: int) -> bool:
    if text is None:
        return True
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most
