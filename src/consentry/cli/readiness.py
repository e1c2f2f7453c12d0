"""What must be there before anything is served or done: a catalog, routes, a certificate, an address."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from consentry.cli.output import CommandError
from consentry.model.catalog import CatalogError, parse_catalog
from consentry.model.guard_routes_reading import GuardRoutesError, parse_guard_routes
from consentry.settings import Settings

_BACKLOG = 2048


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


def require_guard_routes(settings: Settings) -> None:
    """Return if the settings name no file of routes, or one that can be used; raises CommandError otherwise."""
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


def require_certificate(settings: Settings) -> None:
    """Return if the settings name no certificate, or one that fits its key; raises CommandError otherwise."""
    if settings.ssl_certfile is None and settings.ssl_keyfile is None:
        return
    if settings.ssl_certfile is None:
        raise CommandError("ssl_keyfile is set and ssl_certfile is not. Set both, or neither.")
    import ssl  # noqa: PLC0415 - who serves http needs none of it

    try:
        # A password is never asked for at the terminal of a server.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.ssl_certfile, settings.ssl_keyfile, password=str
        )
    except OSError as fault:  # an SSLError is one, too
        raise CommandError(
            f"https cannot be served with the certificate {settings.ssl_certfile}: {fault.strerror or fault}. "
            "Name a PEM file with the certificate chain, and its key, which has no password."
        ) from None


@contextmanager
def listening_on(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen on every address that `host` stands for, and close the sockets at the end; raises CommandError.

    Whoever calls from now on waits until somebody answers.
    """
    sockets: list[socket.socket] = []
    try:
        try:
            for family, kind, protocol, _, address in dict.fromkeys(
                socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            ):
                one = socket.socket(family, kind, protocol)
                sockets.append(one)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind(address)
                one.listen(_BACKLOG)
        except OSError as fault:
            raise CommandError(
                f"Cannot listen on {host}, port {port}: {fault.strerror}. "
                "Stop the program that uses it, or choose another with --port or --host."
            ) from None
        yield sockets
    finally:
        for one in sockets:
            one.close()
