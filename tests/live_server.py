"""Consentry as it really runs: uvicorn on a free loopback port, over either engine, with people, apps and an API."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import uvicorn

from consentry.model.acting import operator
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.ids import OrganisationId, UserId
from consentry.model.secret import Secret
from consentry.ports.outbound import Outbound
from consentry.ports.world import Clock
from consentry.settings import load_settings
from consentry.web.main import app_over
from consentry.wiring import Deeds, open_deeds
from people_builders import CountingPasswords

OPERATOR = operator("opr_0000000000000000live01")
OUR_HTTP = "consentry.web.http_protocol:HttpProtocol"
CALLBACK = "https://client.test/cb"
PASSWORD = "correct horse battery"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a password, member of `organisations`."""

    id: UserId
    email: str
    organisations: tuple[OrganisationId, ...]
    password: str = PASSWORD


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """An app as its makers know it. A public one has no secret."""

    client_id: str
    secret: str | None
    redirect_uri: str = CALLBACK

    @property
    def basic(self) -> tuple[str, str] | None:
        """What goes into HTTP Basic."""
        return None if self.secret is None else (self.client_id, self.secret)

    @property
    def post(self) -> dict[str, str]:
        """What goes into the form."""
        return {"client_id": self.client_id} | ({} if self.secret is None else {"client_secret": self.secret})


def serve_in_thread(app: Any, listening: socket.socket) -> tuple[asyncio.AbstractEventLoop, "ServerThread"]:
    """Serve an ASGI application on a bound socket, in an event loop of its own."""
    thread = ServerThread(app, listening)
    thread.begin()
    return thread.loop, thread


class ServerThread:
    """uvicorn in a thread, configured as `consentry serve` does."""

    def __init__(self, app: Any, listening: socket.socket, *, http: str = OUR_HTTP, idle: int = 5) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=http,
            timeout_keep_alive=idle,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
        )
        self.loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(config)
        self._listening = listening
        self._thread = Thread(target=self._run, daemon=True)
        self._ready = Event()

    def begin(self) -> None:
        """Start, and return once requests are answered."""
        self._thread.start()
        assert self._ready.wait(20), "the server did not start"

    @property
    def connections(self) -> set[Any]:
        """The protocols of the open connections; for use in the server's own loop."""
        return self._server.server_state.connections

    def begin_end(self) -> None:
        """Tell it to stop, and return at once."""
        self._server.should_exit = True

    def end(self) -> None:
        """Stop, and return once the application has shut down."""
        self.begin_end()
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not stop"

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        while not self._server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        self._ready.set()
        await serving


def free_socket(host: str = "127.0.0.1", port: int = 0) -> tuple[socket.socket, int]:
    """Return a socket bound to a free loopback port, or to the one that is named, and the port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening, listening.getsockname()[1]


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A loopback port for a process that is told to listen on it, which nobody else is given meanwhile.

    It stays bound, with SO_REUSEADDR and without listening. So the kernel gives it to nobody who takes any, and to a
    server, which names it and sets SO_REUSEADDR as well; until that listens, whoever calls is refused.
    """
    reserving, port = free_socket()
    with reserving:
        yield port


@dataclass(slots=True)
class Site:
    """A running Consentry, and the means to people it."""

    issuer: str
    deeds: Deeds
    folder: Path
    loop: asyncio.AbstractEventLoop
    home: OrganisationId = field(default=OrganisationId(""))
    resource: RegisteredClient = field(default_factory=lambda: RegisteredClient("", None))
    ana: Person = field(default_factory=lambda: Person(UserId(""), "", ()))
    restart: Callable[[], None] = lambda: None

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        """Do a deed in the server's own event loop."""
        return asyncio.run_coroutine_threadsafe(deed, self.loop).result(20)

    def add_organisation(self, name: str) -> OrganisationId:
        return self.run(self.deeds.people.organisations.create(OPERATOR, name)).id

    def add_person(
        self,
        role: str = "owner",
        *organisations: OrganisationId,
        email: str | None = None,
        name: str = "Ana Oliveira",
        password: str = PASSWORD,
    ) -> Person:
        """Add a user, who holds `role` in each of the organisations: in the home one where none is named."""
        email = email or f"{secrets.token_hex(6)}@acme.test"
        users = self.deeds.people.users
        user = self.run(users.create(OPERATOR, email, name=name, password=Secret(password)))
        member_of = organisations or (self.home,)
        for one in member_of:
            self.run(self.deeds.people.members.set(OPERATOR, one, user.id, (role,)))
        return Person(user.id, email, member_of, password)

    def set_role(self, person: Person, role: str) -> None:
        for one in person.organisations:
            self.run(self.deeds.people.members.set(OPERATOR, one, person.id, (role,)))

    def add_app(
        self,
        *,
        name: str = "Ledgerly",
        public: bool = False,
        redirect_uris: tuple[str, ...] = (CALLBACK,),
        required: tuple[str, ...] = ("invoicing:read",),
        optional: tuple[str, ...] = ("contacts:read",),
        organisation: OrganisationId | None = None,
        require_pkce: bool = True,
        metadata: Mapping[str, object] | None = None,
    ) -> RegisteredClient:
        kind = AppType.PUBLIC if public else AppType.CONFIDENTIAL
        draft = AppDraft(name, kind, redirect_uris, required, optional, require_pkce, dict(metadata or {}))
        owner = organisation or self.home
        made = self.run(self.deeds.app_registry.register(OPERATOR, draft, organisation_id=owner))
        secret = None if made.client_secret is None else made.client_secret.reveal()
        return RegisteredClient(made.app.client_id, secret, redirect_uris[0])

    def add_resource(self, name: str = "Books API", identifier: str = "https://api.books.test") -> RegisteredClient:
        made = self.run(self.deeds.resources.register(OPERATOR, name, identifier))
        return RegisteredClient(made.resource.id, made.client_secret.reveal())


@contextlib.contextmanager
def serve_site(
    database_url: str,
    folder: Path,
    catalog: str,
    *,
    clock: Clock | None = None,
    product_name: str = "Consentry",
    settings: Mapping[str, str] | None = None,
    outbound: Outbound | None = None,
) -> Iterator[Site]:
    """Run Consentry over a migrated database, its other files in `folder`. Password hashes are real, but quick.

    `settings` are further variables of the environment, by their full names; `outbound` is the world outside.
    """
    listening, port = free_socket()
    issuer = f"http://127.0.0.1:{port}"
    catalog_file = folder / "catalog.toml"
    catalog_file.write_text(catalog, encoding="utf-8")
    environ = {
        "CONSENTRY_ISSUER": issuer,
        "CONSENTRY_DATABASE_URL": database_url,
        "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "CONSENTRY_CATALOG": str(catalog_file),
        "CONSENTRY_PRODUCT_NAME": product_name,
        **(settings or {}),
    }
    serving: list[tuple[ServerThread, socket.socket]] = []

    def begin(on: socket.socket) -> tuple[Deeds, asyncio.AbstractEventLoop]:
        deeds = open_deeds(load_settings(None, environ), clock=clock, passwords=CountingPasswords(), outbound=outbound)
        loop, thread = serve_in_thread(app_over(deeds), on)
        serving.append((thread, on))
        return deeds, loop

    def end() -> None:
        thread, on = serving.pop()
        thread.end()
        on.close()

    deeds, loop = begin(listening)
    site = Site(issuer, deeds, folder, loop)

    def restart() -> None:
        end()
        site.deeds, site.loop = begin(free_socket(port=port)[0])

    site.restart = restart
    try:
        yield site
    finally:
        end()


def people(site: Site) -> Site:
    """Give the site an organisation, its owner Ana, and a product API."""
    site.home = site.add_organisation("Acme Books")
    site.ana = site.add_person()
    site.resource = site.add_resource()
    return site
