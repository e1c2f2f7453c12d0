"""`/settings/connections` as a browser uses it: look, follow an app's link, disconnect; and all of the organisation."""

import re

import httpx
import pytest

from app_builders import ACME, ANA, BO, OTHER
from consentry.web.settings import connections
from consentry.wiring import Deeds
from site_client import send_form
from standing_builders import add_app, add_connection

PAGE = "/settings/connections"


@pytest.fixture
async def connected(deeds: Deeds) -> list[str]:
    """A connection of Bo and one of Ana to an app of another organisation."""
    ledgerly = await add_app(deeds.database, OTHER, "ledgerly")
    return [
        await add_connection(deeds.database, 1, ACME, BO, ledgerly),
        await add_connection(deeds.database, 2, ACME, ANA, ledgerly),
    ]


async def disconnect(browser: httpx.AsyncClient, connection_id: str, path: str = PAGE) -> httpx.Response:
    """Press the button of our own page."""
    return await send_form(browser, path, {"action": "disconnect", "connection": connection_id})


async def live(deeds: Deeds) -> set[str]:
    rows = await deeds.database.read("SELECT id FROM connections WHERE ended_at IS NULL")
    return {row[0] for row in rows}


async def test_one_sees_what_one_connected_and_what_of_it_works_today(
    bo: httpx.AsyncClient, connected: list[str]
) -> None:
    shown = (await bo.get(PAGE)).text

    for words in ("Ledgerly", "by <bdi>Other</bdi>", "in <bdi>Acme</bdi>", "Works in part today", "sending invoices"):
        assert words in shown
    assert connected[0] in shown
    assert connected[1] not in shown


async def test_rv_01_disconnecting_has_ended_it_before_the_page_answers_and_says_since_when(
    bo: httpx.AsyncClient, deeds: Deeds, connected: list[str]
) -> None:
    answer = await disconnect(bo, connected[0])

    assert answer.status_code == 303
    assert await live(deeds) == {connected[1]}
    shown = (await bo.get(answer.headers["location"])).text
    assert "Off since" in shown
    assert "disconnected by <bdi>you</bdi>" in shown
    assert "Disconnected. Nothing that the app was given works any more." in shown
    assert (await disconnect(bo, connected[0])).status_code == 303


@pytest.mark.parametrize("link", [f"{PAGE}/{{app}}", f"{PAGE}?app={{app}}"])
async def test_the_link_that_an_app_gives_leads_to_its_entry(
    bo: httpx.AsyncClient, connected: list[str], link: str
) -> None:
    answer = await bo.get(link.format(app=f"app_{'ledgerly':0>22}"))

    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/{connected[0]}")


async def test_the_link_of_an_app_that_was_never_connected_says_so(bo: httpx.AsyncClient) -> None:
    answer = await bo.get(f"{PAGE}/app_unknown")

    assert "You have no connection to that app." in (await bo.get(answer.headers["location"])).text


async def test_tn_01_the_connection_of_another_is_answered_as_one_that_is_not_there(
    bo: httpx.AsyncClient, deeds: Deeds, connected: list[str]
) -> None:
    for connection_id in (connected[1], "con_none"):
        assert (await bo.get(f"{PAGE}/{connection_id}")).status_code == 404
        assert (await disconnect(bo, connection_id)).status_code == 404
        assert (await disconnect(bo, connection_id, f"{PAGE}/all")).status_code == 404
    assert await live(deeds) == set(connected)


async def test_administrators_see_filter_and_end_those_of_everybody(
    ana: httpx.AsyncClient, deeds: Deeds, connected: list[str]
) -> None:
    everything = (await ana.get(f"{PAGE}/all")).text
    of_bo = (await ana.get(f"{PAGE}/all", params={"user": BO, "app": "", "status": "active"})).text

    assert all(connection_id in everything for connection_id in connected)
    assert "bo@acme.test" in of_bo
    assert connected[1] not in of_bo
    assert (await disconnect(ana, connected[0], f"{PAGE}/all")).status_code == 303
    assert await live(deeds) == {connected[1]}
    assert connected[0] not in (await ana.get(f"{PAGE}/all")).text
    assert "Off since" in (await ana.get(f"{PAGE}/all?status=all")).text


async def test_rv_01_an_administrators_end_is_told_to_the_user(
    ana: httpx.AsyncClient, bo: httpx.AsyncClient, connected: list[str]
) -> None:
    await disconnect(ana, connected[0], f"{PAGE}/all")

    assert "an administrator of the organisation" in (await bo.get(PAGE)).text


async def test_tn_04_the_list_of_all_takes_oauth_app_manage(bo: httpx.AsyncClient) -> None:
    answer = await bo.get(f"{PAGE}/all")

    assert answer.status_code == 403
    assert "oauth_app.manage" in answer.text


async def test_cs_01_a_form_without_our_token_ends_nothing(
    bo: httpx.AsyncClient, deeds: Deeds, connected: list[str]
) -> None:
    answer = await bo.post(PAGE, data={"action": "disconnect", "connection": connected[0]})

    assert answer.status_code == 403
    assert await live(deeds) == set(connected)


async def test_a_long_list_leads_on_to_older_ones(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    made = []
    for number in range(60):
        app = await add_app(deeds.database, OTHER, f"app{number}")
        made.append(await add_connection(deeds.database, number, ACME, BO, app))

    first = (await ana.get(f"{PAGE}/all?user={BO}")).text
    more = re.search(r'href="(/settings/connections/all\?[^"]*after=[^"]+)"', first)

    assert more is not None
    rest = (await ana.get(more[1].replace("&amp;", "&"))).text
    assert [one in first for one in made] == [False] * 10 + [True] * 50
    assert [one in rest for one in made] == [True] * 10 + [False] * 50


async def test_ones_own_long_list_leads_on_to_older_ones_and_back(
    bo: httpx.AsyncClient, deeds: Deeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OWN_MOST", 3)
    made = []
    for number in range(5):
        app = await add_app(deeds.database, OTHER, f"app{number}")
        made.append(await add_connection(deeds.database, number, ACME, BO, app))

    first = (await bo.get(PAGE)).text
    more = re.search(rf'href="({PAGE}\?after=[^"]+)">Older connections', first)

    assert more is not None
    rest = (await bo.get(more[1])).text
    assert [one in first for one in made] == [False, False, True, True, True]
    assert [one in rest for one in made] == [True, True, False, False, False]
    assert f'href="{PAGE}">Newest connections' in rest
    assert "Older connections" not in rest


@pytest.mark.parametrize("path", ["apps", "connections", "api-keys"])
@pytest.mark.parametrize(
    "named", ["%00", "a%00b", "%ff", "%ED%A0%80", "%F0%9F%92%A9", "x" * 3000, "'%20OR%201=1", "con_%00"]
)
async def test_in_07_an_identifier_that_can_be_none_is_not_there(ana: httpx.AsyncClient, path: str, named: str) -> None:
    alone = await ana.get(f"/settings/{path}/{named}")
    after = await ana.get(f"/settings/{path}?after={named}")

    assert alone.status_code == 404 or alone.headers.get("location") == f"{PAGE}?done=none"
    assert after.status_code in {200, 400, 404}


@pytest.mark.parametrize("field", ["app", "user", "status", "after"])
@pytest.mark.parametrize("value", ["%00", "a%00b", "%ff", "%ED%A0%80", "x" * 3000])
async def test_in_07_a_filter_by_what_can_be_none_finds_nothing(ana: httpx.AsyncClient, field: str, value: str) -> None:
    assert (await ana.get(f"{PAGE}/all?{field}={value}")).status_code in {200, 400, 404}
    assert (await ana.get(f"/settings/audit?before={value}")).status_code in {200, 400}
