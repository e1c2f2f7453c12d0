"""The protocol's world with a routes file, and what the tests ask of a gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from consentry.model.api_key import KeyDraft, KeyOwner
from consentry.ports.world import Clock
from consentry.web.main import app_over
from protocol_world import OPERATOR, ProtocolWorld, build_protocol_world

ROUTES = """
resource = "https://api.books.test"
identity_audience = "https://books.inside.test"

[routes]
"GET /invoices" = "invoice.read"
"GET /invoices/{id}" = "invoice.read"
"POST /invoices" = "invoice.write"
"DELETE /invoices/{id}" = "payment_instruction.write"
"GET /contacts" = "client.read"
"POST /mailings" = ["invoice.send", "client.write"]
"GET /me" = "any"
"* /public/**" = "public"
"""
PATH = "/guard/forward-auth"
ADDRESS = "203.0.113.7"
GATEWAY = "127.0.0.1"

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class GatewayWorld:
    """Bo keeps the books of Acme, connected an app with `invoicing:write`, and has a key that may see invoices."""

    protocol: ProtocolWorld
    token: str
    key: str

    async def ask(
        self, headers: Headers = (), *, method: str = "GET", path: str = PATH, address: str = GATEWAY
    ) -> httpx.Response:
        """Ask as a gateway would, from its address; the path is sent as it stands."""
        transport = httpx.ASGITransport(app_over(self.protocol.deeds), client=(address, 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://consentry.test") as client:
            url = httpx.URL("http://consentry.test").copy_with(raw_path=path.encode())
            return await client.send(client.build_request(method, url, headers=list(headers)))

    async def ask_about(
        self, method: str, target: str, *more: tuple[str, str], bearer: str | None = None
    ) -> httpx.Response:
        """Ask about a call in nginx's way."""
        sent = [("X-Original-Method", method), ("X-Original-URI", target), *more]
        return await self.ask([*sent, *([("Authorization", f"Bearer {bearer}")] if bearer else [])])

    async def make_key(self, *permissions: str, networks: tuple[str, ...] = ()) -> str:
        """Make an API key of Bo's."""
        world = self.protocol
        draft = KeyDraft("Nightly", permissions, None, networks)
        shown = await world.deeds.api_keys.create(OPERATOR, draft, KeyOwner(world.acme, world.bo))
        return shown.text.reveal()


async def build_gateway_world(database: Path, clock: Clock | None = None, **changes: object) -> GatewayWorld:
    """Return the world over a migrated file, or over `database_url`; close `protocol.deeds.database` at the end."""
    routes = database.with_name("guard_routes.toml")
    routes.write_text(ROUTES, encoding="utf-8")
    protocol = await build_protocol_world(database, clock, **{"guard_routes": routes, **changes})
    token = (await protocol.connect(protocol.web)).access_token
    world = GatewayWorld(protocol, token, "")
    return GatewayWorld(protocol, token, await world.make_key("invoice.read"))
