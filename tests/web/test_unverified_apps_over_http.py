"""An administrator refuses apps that registered themselves, on the page of all connections; members read why."""

import httpx
import pytest

from app_builders import ACME, BO, OTHER, writing
from consentry.storage.database import Statement
from consentry.wiring import Deeds
from site_client import send_form
from standing_builders import add_app, add_connection

ALL = "/settings/connections/all"
BUTTON = "/settings/connections/unverified"


@pytest.fixture
async def assistant(deeds: Deeds) -> str:
    """The connection of Bo to an app that registered itself."""
    app_id = await add_app(deeds.database, OTHER, "assistant")
    await deeds.database.write(writing, Statement("UPDATE apps SET origin = 'dynamic' WHERE id = $1", (app_id,)))
    return await add_connection(deeds.database, 1, ACME, BO, app_id)


async def said(deeds: Deeds) -> str:
    rows = await deeds.database.read("SELECT unverified_apps FROM organisations WHERE id = $1", ACME)
    return str(rows[0][0])


async def test_the_button_refuses_them_and_the_next_allows_them(
    ana: httpx.AsyncClient, bo: httpx.AsyncClient, deeds: Deeds, assistant: str
) -> None:
    refused = await send_form(ana, BUTTON, {"action": "refuse"})
    page = (await ana.get(refused.headers["location"])).text
    own = (await bo.get(f"/settings/connections/{assistant}")).text

    assert await said(deeds) == "refused"
    assert "No connection was ended." in page
    assert "Allow these apps" in page
    assert "The organisation refuses apps that registered themselves" in own

    allowed = await send_form(ana, BUTTON, {"action": "allow"})
    assert await said(deeds) == "allowed"
    assert "are allowed" in (await ana.get(allowed.headers["location"])).text
    assert "The organisation refuses" not in (await bo.get(f"/settings/connections/{assistant}")).text


async def test_nothing_is_offered_where_no_app_can_register_itself(ana: httpx.AsyncClient) -> None:
    assert "Apps that registered themselves" not in (await ana.get(ALL)).text


async def test_a_member_without_the_permission_changes_nothing(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    answer = await send_form(bo, BUTTON, {"action": "refuse"})

    assert answer.status_code == 403
    assert await said(deeds) == "allowed"


async def test_a_word_that_is_no_button_changes_nothing(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    answer = await send_form(ana, BUTTON, {"action": "disconnect"})

    assert answer.status_code == 400
    assert await said(deeds) == "allowed"
