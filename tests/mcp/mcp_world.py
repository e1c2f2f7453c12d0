"""The sample MCP server beside a running Consentry, each on its own port, as a deployment has them."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from socket import socket
from typing import Any

from consentry.demo.product.seed import seed
from consentry.guard import Guard, ProtectedResource
from consentry.model.organisation import UnverifiedApps
from consentry.ports.outbound import FetchedDocument, OutboundError
from consentry.storage.database import Operation, Statement
from live_server import OPERATOR, Person, RegisteredClient, ServerThread, Site, free_socket, people, serve_site
from user_agent import connect

EXAMPLE = Path(__file__).parents[2] / "examples" / "mcp"
sys.path.append(str(EXAMPLE))

from books import Books  # noqa: E402 - beside the example, as its own users run it
from tallybook_server import FIRST_SCOPES, build_app, build_server  # noqa: E402 - see above

CATALOG = files("consentry.demo").joinpath("catalog.toml").read_text("utf-8")


class KnownWeb:
    """The world outside: the documents that a test puts there, and nothing else."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def fetch(
        self,
        url: str,
        *,
        accept: str,  # noqa: ARG002 - the port's
        most_bytes: int,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - the port's
    ) -> FetchedDocument:
        found = self.documents.get(url)
        if found is None:
            return FetchedDocument(404, b"")
        if len(found) > most_bytes:
            raise OutboundError("The answer is too long.")
        return FetchedDocument(200, found, {"content-type": "application/json"})

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        raise OutboundError(f"Nobody is at {url} for {sorted(form)}.")


@dataclass(frozen=True, slots=True)
class McpWorld:
    """A site whose product has an MCP server at `url`, which knows nothing of any client.

    `restart` stops both, and starts them again at the same addresses.
    """

    site: Site
    url: str
    web: KnownWeb
    restart: Callable[[], None]

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")

    def add_client(self, *, scopes: tuple[str, ...] = ("invoicing:read",), **more: Any) -> RegisteredClient:
        """Register an app beforehand, as its developer does, which may ask for more than it must."""
        given = {
            "public": True,
            "redirect_uris": ("http://127.0.0.1/callback",),
            "optional": ("invoicing:write", "contacts:read"),
            **more,
        }
        return self.site.add_app(required=scopes, **given)

    def connect(self, client: RegisteredClient, person: Person | None = None, **changes: str | None) -> dict[str, str]:
        """Let somebody, Ana where nobody is named, connect the app for the MCP server; return the token answer."""
        return connect(self.site, client, person or self.site.ana, **{"resource": self.url, **changes})

    def deactivate(self, client: RegisteredClient) -> None:
        """Deactivate the app, as an administrator does."""
        self.site.run(self.site.deeds.app_registry.deactivate(OPERATOR, client.client_id))

    @contextmanager
    def refusing_unverified(self) -> Iterator[None]:
        """Let the organisation refuse apps that registered themselves, for a while."""
        set_said = self.site.deeds.people.organisations.set_unverified_apps
        self.site.run(set_said(OPERATOR, self.site.home, UnverifiedApps.REFUSED))
        try:
            yield
        finally:
            self.site.run(set_said(OPERATOR, self.site.home, UnverifiedApps.ALLOWED))

    def run_sql(self, sql: str) -> None:
        """Change the rows behind everybody's back, as time does."""

        def operation() -> Operation[None]:
            yield Statement(sql)

        self.site.run(self.site.deeds.database.write(operation))

    def let_access_tokens_expire(self) -> None:
        """Let an hour pass, for every access token; refresh tokens live on."""
        self.run_sql("UPDATE access_tokens SET expires_at = issued_at")

    def remove_registration(self, client_id: str) -> None:
        """Delete the app, as an operator does."""
        self.site.run(self.site.deeds.app_registry.delete(OPERATOR, client_id, confirm_name=None))

    def disconnect_all(self) -> None:
        """End every connection, as an administrator does."""
        deeds = self.site.deeds.connections
        found = self.site.run(deeds.list_all(OPERATOR, self.site.home, limit=100))
        for one in found:
            self.site.run(deeds.end(OPERATOR, one.details.connection.id))


@contextmanager
def mcp_world(database_url: str, folder: Path, **settings: str) -> Iterator[McpWorld]:
    """Run both. Everybody may register, by either way, unless the settings say otherwise."""
    open_to_all = {
        "CONSENTRY_DYNAMIC_REGISTRATION": "open",
        "CONSENTRY_DYNAMIC_REGISTRATION_SCOPES": "contacts:read,contacts:write,invoicing:read,invoicing:write",
        "CONSENTRY_CLIENT_ID_METADATA_DOCUMENTS": "true",
        **settings,
    }
    web = KnownWeb()
    listening, port = free_socket()
    url = f"http://127.0.0.1:{port}/mcp"
    with serve_site(
        database_url, folder, CATALOG, product_name="Tallybook", settings=open_to_all, outbound=web
    ) as site:
        people(site)
        site.add_resource("Tallybook MCP", url)
        product = folder / "product.sqlite3"
        seed(product, {site.home: "Acme Books"})
        serving: list[tuple[ServerThread, socket]] = []

        def begin(on: socket) -> None:
            guard = Guard.open(site.deeds.settings, resource=ProtectedResource(url, FIRST_SCOPES, "Tallybook"))
            server = ServerThread(build_app(build_server(Books(product)), guard), on, http="httptools")
            server.begin()
            serving.append((server, on))

        def end() -> None:
            server, on = serving.pop()
            server.end()
            on.close()

        def restart() -> None:
            end()
            site.restart()
            begin(free_socket(port=port)[0])

        begin(listening)
        try:
            yield McpWorld(site, url, web, restart)
        finally:
            end()
