"""The sample world over real HTTP: Consentry with the sample people, the guarded product, and sample web apps."""

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import consentry.demo
from consentry.demo.load_people import load_people
from consentry.demo.people import ORGANISATIONS, PEOPLE, WEB_APP, SamplePerson
from consentry.demo.product import build_product, seed
from consentry.demo.web_app import WebAppConfig, build_web_app
from consentry.guard import Guard
from consentry.guard.fastapi import install, require
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.ids import OrganisationId
from live_server import OPERATOR, Site, free_socket, serve_in_thread, serve_site

CATALOG = Path(consentry.demo.__file__).with_name("catalog.toml").read_text(encoding="utf-8")
PRODUCT = "Quillbooks"


@dataclass(slots=True)
class SampleWorld:
    """Everything that runs, and the ways to add to it."""

    site: Site
    api_url: str
    organisations: dict[str, OrganisationId]
    stack: contextlib.ExitStack

    @property
    def url(self) -> str:
        return self.site.issuer

    def place_for_app(self) -> tuple[socket.socket, str]:
        """Return a port for a web app, and the app's own address there."""
        listening, port = free_socket()
        self.stack.callback(listening.close)
        return listening, f"http://127.0.0.1:{port}"

    def start_web_app(self, place: tuple[socket.socket, str], client_id: str, secret: str) -> str:
        """Start the sample web app for a registration; return its address."""
        listening, own_url = place
        self._serve(
            build_web_app(WebAppConfig(self.url, self.api_url, client_id, secret, own_url, WEB_APP.scopes)), listening
        )
        return own_url

    def add_web_app(self, name: str = "Paperlark", **changes: Any) -> str:
        """Register and start a sample web app; return its address."""
        place = self.place_for_app()
        draft = {
            "name": name,
            "type": AppType.CONFIDENTIAL,
            "redirect_uris": (f"{place[1]}/callback",),
            "required_scopes": WEB_APP.required_scopes,
            "optional_scopes": WEB_APP.optional_scopes,
            **changes,
        }
        made = self.site.run(
            self.site.deeds.app_registry.register(
                OPERATOR, AppDraft(**draft), organisation_id=self.organisations[WEB_APP.organisation]
            )
        )
        assert made.client_secret is not None
        return self.start_web_app(place, made.app.client_id, made.client_secret.reveal())

    def set_role(self, person: SamplePerson, role: str) -> None:
        """Give the person one role wherever they are a member."""
        user = self.site.run(self.site.deeds.people.users.find_by_email(OPERATOR, person.email))
        assert user is not None
        for membership in person.memberships:
            organisation = self.organisations[membership.organisation]
            self.site.run(self.site.deeds.people.members.set(OPERATOR, organisation, user.id, (role,)))

    def serve_product(self) -> None:
        """Start the product's API, behind the guard."""
        listening, port = free_socket()
        self.stack.callback(listening.close)
        self.api_url = f"http://127.0.0.1:{port}"
        database = self.site.folder / "product.sqlite3"
        seed(database, {self.organisations[one.key]: one.name for one in ORGANISATIONS})
        guard = Guard.open(self.site.deeds.settings)
        product = build_product(partial(require, guard), database)
        install(product, guard)
        self._serve(product, listening)

    def _serve(self, app: Any, listening: socket.socket) -> None:
        _, thread = serve_in_thread(app, listening)
        self.stack.callback(thread.end)


@contextlib.contextmanager
def serve_sample_world(database_url: str, folder: Path) -> Iterator[SampleWorld]:
    """Run the whole sample world over a migrated database."""
    with serve_site(database_url, folder, CATALOG, product_name=PRODUCT) as site, contextlib.ExitStack() as stack:
        world = SampleWorld(site, "", site.run(load_people(site.deeds)), stack)
        world.serve_product()
        yield world


def person(name: str) -> SamplePerson:
    """Return the sample person of this first name."""
    return next(one for one in PEOPLE if one.name.startswith(name))


def sign_in(page: Page, who: SamplePerson) -> None:
    """Fill in the sign-in page that is open."""
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Sign in").click()


def secret_on(page: Page) -> str:
    """Return the client secret that the open page shows."""
    found = re.search(r"cst_sk_[0-9A-Za-z]{71}", page.content())
    assert found is not None, "the page shows no secret"
    return found[0]
