"""One process that calls with the tokens of connections which are about to be revoked, or just were.

Run as a program with a JSON object: which board and place on it, the population, and either a configuration (it checks
in its own process, as a product's API does) or the address of a server (it introspects over HTTP).
"""

import asyncio
import base64
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path[:0] = [str(Path(__file__).parent)]

from population import Population
from revocation_board import BROKEN, Board, settle

from consentry.guard.guard import Guard
from consentry.model.access import Access
from consentry.settings import load_settings

AT_ONCE = 16
# Tokens are chosen around the connection whose turn it is: some of those just revoked, and of those next in turn.
BEHIND, AHEAD = 6, 4

Call = Callable[[str], Awaitable[bool]]


async def main(given: dict[str, Any]) -> None:
    board, caller = Board.open(Path(given["board"])), given["caller"]
    population = Population(**given["population"])
    ready: Callable[[], None] = Path(given["ready"]).touch
    if "environ" in given:
        async with Guard.open(load_settings(None, given["environ"])) as guard:
            calls = [checking(guard)] * AT_ONCE
            await calls[0](population.token(0))
            ready()
            await call_until_stopped(board, caller, population, calls)
    else:
        calls = [await introspecting(given["url"], given["client"]) for _ in range(AT_ONCE)]
        ready()
        await call_until_stopped(board, caller, population, calls)


async def call_until_stopped(board: Board, caller: int, population: Population, calls: list[Call]) -> None:
    async def calling(call: Call, draw: random.Random) -> None:
        while not board.stopped:
            connection = max(0, min(board.next + draw.randint(-BEHIND, AHEAD), population.connections - 1))
            text = population.token(connection)
            began = time.monotonic_ns()
            try:
                accepted = await call(text)
            except OSError:
                board.count(caller, BROKEN)
                raise
            settle(board, caller, connection, began, accepted=accepted)
            await asyncio.sleep(0)

    await asyncio.gather(*(calling(call, random.Random(number)) for number, call in enumerate(calls)))  # noqa: S311 - a sample


def checking(guard: Guard) -> Call:
    async def call(text: str) -> bool:
        return isinstance(await guard.check(text), Access)

    return call


async def introspecting(url: str, client: list[str]) -> Call:
    """Return a caller with a connection of its own to the server."""
    address = urlsplit(url)
    basic = base64.b64encode(":".join(client).encode()).decode()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)

    async def call(text: str) -> bool:
        body = f"token={text}"
        writer.write(
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {basic}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        answer = json.loads(await reader.readexactly(length))
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise OSError(f"The server answered {head.decode()} {answer}")
        return bool(answer["active"])

    return call


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
