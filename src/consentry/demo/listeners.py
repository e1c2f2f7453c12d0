"""The addresses that the demo's servers listen on: free ports, taken at once so that nobody else can take them."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from consentry.demo.failure import DemoError

_LAST_PORT = 65535
_PORTS_TRIED = 200
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})


@dataclass(frozen=True, slots=True)
class Listener:
    """One port on the loopback addresses, so that `localhost` means us whichever of them a browser tries first."""

    port: int
    sockets: tuple[socket.socket, ...]


@contextmanager
def listeners(first_port: int, count: int) -> Iterator[tuple[Listener, ...]]:
    """Listen on the first `count` free ports from `first_port` on. Raises DemoError if there are not enough."""
    found: list[Listener] = []
    try:
        for port in range(first_port, min(first_port + _PORTS_TRIED, _LAST_PORT + 1)):
            sockets = _listen(port)
            if sockets:
                found.append(Listener(port, sockets))
            if len(found) == count:
                break
        else:
            raise DemoError(f"There are not {count} free ports from {first_port} on. Name another with --port.")
        yield tuple(found)
    finally:
        for listener in found:
            for one in listener.sockets:
                one.close()


def _listen(port: int) -> tuple[socket.socket, ...]:
    """Return a socket for each loopback address of this machine, or nothing if the port is taken on one of them."""
    opened: list[socket.socket] = []
    for family, address in _LOOPBACK:
        try:
            one = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            continue
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address, port))
            one.listen()
        except OSError as fault:
            one.close()
            if fault.errno in _NO_SUCH_ADDRESS:
                continue
            for other in opened:
                other.close()
            return ()
        opened.append(one)
    return tuple(opened)
