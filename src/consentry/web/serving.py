"""One server process: the application behind uvicorn, on sockets that listen already, until it is told to end."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

from consentry.settings import LogFormat

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from consentry.settings import Settings

HTTP_PROTOCOL = "consentry.web.http_protocol:HttpProtocol"
"""The endpoints that programs call need no ASGI between: see there."""

TLS12_CIPHERS = "ECDHE+AESGCM"
"""Where a client knows no TLS 1.3: what RFC 9325 §4.2 recommends, and nothing else."""

GRACE_SECONDS = 10
"""How long requests that are under way may take once the server was told to end."""


def serve(app: ASGIApp, settings: Settings, listening: Sequence[socket.socket]) -> None:
    """Let the application answer until SIGTERM or SIGINT, and return once everything under way is answered.

    Stamps of use are written and the database is closed by then; what takes longer than `GRACE_SECONDS` is given up.
    Exits with 3 where the application cannot start.
    """
    # Loaded here because a process that looks after others needs none of it.
    import uvicorn  # noqa: PLC0415 - see above

    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=HTTP_PROTOCOL,
        ws="none",
        lifespan="on",
        # The query of an authorization response holds a code; a line per request is for the proxy in front to write.
        access_log=False,
        log_config=log_config(settings.log_format),
        # What trusted proxies say of the caller is read in one place, caller_address.py, and believed no further.
        proxy_headers=False,
        server_header=False,
        ssl_certfile=settings.ssl_certfile,
        ssl_keyfile=settings.ssl_keyfile,
        ssl_ciphers=TLS12_CIPHERS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    def end(_number: int, _frame: object) -> None:
        # uvicorn listens to signals while it serves, and raises them again afterwards: to have been told to end is no
        # fault then. Before it serves there is nothing to finish.
        if not server.started:
            sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    server.run(list(listening))


def log_config(log_format: LogFormat) -> dict[str, Any]:
    """Return what `logging.config` takes: the server's lines on standard error, in the format of the settings."""
    line = {"format": "%(asctime)s %(levelname)s %(message)s"}
    handled = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "consentry.json_lines.JsonLines"} if log_format is LogFormat.JSON else line},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"uvicorn": handled, "consentry": handled},
    }
