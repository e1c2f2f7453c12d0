"""An app that hears of logouts at a real https address."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from consentry.outbound import PublicOutbound

HOST = "client.test"


@dataclass(slots=True)
class Receiver:
    """Answers each form with the next of `statuses`, the last one again and again, and keeps the forms."""

    certificate: Path
    statuses: list[int] = field(default_factory=lambda: [200])
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def uri(self) -> str:
        return f"https://{HOST}:{self.port}/logout?kept=1"

    @property
    def tokens(self) -> list[str]:
        return [form["logout_token"][0] for form in self.forms]

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Receiver"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
        body = await reader.readexactly(int(length.partition(":")[2]))
        self.requests.append(head)
        self.forms.append(parse_qs(body.decode()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await asyncio.sleep(0.01)
        self.at_once -= 1
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.heard.set()


def outbound_to(receiver: Receiver, **changes: Any) -> PublicOutbound:
    """The way out, which finds the app's host on this computer."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ("127.0.0.1",)

    given = {"allowed": (ip_network("127.0.0.0/8"),), **changes}
    context = ssl.create_default_context(cafile=str(receiver.certificate))
    return PublicOutbound(ssl_context=context, resolve=resolve, **given)
