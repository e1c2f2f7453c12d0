"""Everything wired up over a small database, and clients of both doors: a person's browser, a program's credential."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import httpx

from app_builders import add_session
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.model.ids import OrganisationId, UserId
from consentry.ports.sign_in import Passwords
from consentry.ports.world import Clock
from consentry.settings import load_settings
from consentry.web.api import LazyApi
from consentry.web.main import app_over
from consentry.wiring import Deeds, open_deeds
from small_world import SMALL_CATALOG

Form = Mapping[str, str | list[str]]


def open_small_deeds(
    database_url: str,
    folder: Path,
    *,
    issuer: str = "http://localhost:8400",
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> Deeds:
    """Open every deed over a migrated database, with the small catalog. The caller closes the database."""
    catalog = folder / "catalog.toml"
    catalog.write_text(SMALL_CATALOG, "utf-8")
    environ = {
        "CONSENTRY_DATABASE_URL": database_url,
        "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "CONSENTRY_CATALOG": str(catalog),
        "CONSENTRY_ISSUER": issuer,
    }
    return open_deeds(load_settings(None, environ), clock=clock, passwords=passwords)


def api_client(deeds: Deeds, bearer: str | None) -> httpx.AsyncClient:
    """Return a client of the management API that sends this credential."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(LazyApi(deeds)),
        base_url=deeds.settings.issuer,
        headers={} if bearer is None else {"authorization": f"Bearer {bearer}"},
    )


async def key_client(deeds: Deeds, user: UserId, organisation: OrganisationId, *permissions: str) -> httpx.AsyncClient:
    """Make an API key with these permissions; return a client of the management API that sends it."""
    acting = member(user, organisation, frozenset({"api_key.create", *permissions}))
    draft = KeyDraft("Caller", permissions, deeds.clock.now() + timedelta(days=30))
    return api_client(deeds, (await deeds.api_keys.create(acting, draft)).text.reveal())


async def browser_of(deeds: Deeds, user: UserId) -> httpx.AsyncClient:
    """Return a browser in which the user is signed in."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app_over(deeds)),
        base_url=deeds.settings.issuer,
        cookies={"consentry": await add_session(deeds.database, user, deeds.clock.now())},
    )


async def send_form(browser: httpx.AsyncClient, path: str, fields: Form) -> httpx.Response:
    """Send a form of our own pages, with the token that they carry."""
    page = await browser.get("/settings/connections")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None, page.text
    return await browser.post(path, data={"csrf": token[1], **fields})
