"""Signing in and out as a browser does it, the organisation looked at, and the audit page."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Standing
from consentry.web.main import app_over
from consentry.wiring import Deeds
from people_builders import OPERATOR, PASSWORD, CountingPasswords
from site_client import open_small_deeds
from small_world import FixedClock

EMAIL = "ana@acme.test"
HOSTILE_NEXT = [
    "//evil.test",
    "https:evil.test",
    "\\\\evil.test",
    "https://evil.test/settings",
    "/settings/../../x",
    "javascript:1",
]


@pytest.fixture(params=["http://localhost:8400"])
async def deeds(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[Deeds]:
    opened = open_small_deeds(database_url, tmp_path, issuer=request.param, clock=clock, passwords=CountingPasswords())
    yield opened
    await opened.database.close()


@pytest.fixture
async def acme(deeds: Deeds) -> OrganisationId:
    return (await deeds.people.organisations.create(OPERATOR, "Acme Books")).id


@pytest.fixture
async def ana(deeds: Deeds, acme: OrganisationId) -> UserId:
    user = await deeds.people.users.create(OPERATOR, EMAIL, name="Ana", password=PASSWORD)
    await deeds.people.members.set(OPERATOR, acme, user.id, ["owner"])
    return user.id


@pytest.fixture
async def browser(deeds: Deeds, ana: UserId) -> AsyncIterator[httpx.AsyncClient]:
    assert ana
    transport = httpx.ASGITransport(app_over(deeds))
    async with httpx.AsyncClient(transport=transport, base_url=deeds.settings.issuer) as client:
        yield client


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def enter(
    browser: httpx.AsyncClient, *, email: str = EMAIL, password: str = PASSWORD.reveal(), next_url: str = ""
) -> httpx.Response:
    page = await browser.get("/sign-in", params={"next": next_url, "again": "1"})
    fields = {"email": email, "password": password, "next": next_url, "csrf": token_of(page)}
    return await browser.post("/sign-in", data=fields)


async def test_a_person_signs_in_looks_and_signs_out(browser: httpx.AsyncClient) -> None:
    refused = await browser.get("/settings/connections")
    assert refused.headers["location"] == "/sign-in?next=%2Fsettings%2Fconnections"

    entered = await enter(browser, next_url="/settings/audit")
    assert (entered.status_code, entered.headers["location"]) == (303, "/settings/audit")
    page = await browser.get("/settings/audit")
    assert page.status_code == 200
    assert "Acme Books" in page.text

    left = await browser.post("/sign-out", data={"csrf": token_of(page)})
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert (await browser.get("/settings/audit")).status_code == 303


async def test_whoever_is_signed_in_is_not_asked_again_unless_wanted(browser: httpx.AsyncClient) -> None:
    await enter(browser)

    assert (await browser.get("/sign-in")).headers["location"] == "/settings/connections"
    assert (await browser.get("/sign-in", params={"again": "1"})).status_code == 200


async def test_cs_02_a_sign_in_without_our_own_forms_token_is_refused(browser: httpx.AsyncClient) -> None:
    fields = {"email": EMAIL, "password": PASSWORD.reveal()}
    page = await browser.get("/sign-in")
    token = token_of(page)

    for changed, headers in (
        ({}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": token}, {"origin": "https://evil.test"}),
        ({"csrf": token}, {"sec-fetch-site": "cross-site"}),
    ):
        answer = await browser.post("/sign-in", data=fields | changed, headers=headers)
        assert answer.status_code == 403
        assert "consentry" not in answer.cookies
    browser.cookies.clear()
    assert (await browser.post("/sign-in", data=fields | {"csrf": token})).status_code == 403


async def test_cs_03_the_session_is_new_at_each_sign_in_and_the_old_one_dead(browser: httpx.AsyncClient) -> None:
    planted = {"cookie": "consentry=cst_se_planted"}
    page = await browser.get("/sign-in", headers=planted)
    fields = {"email": EMAIL, "password": PASSWORD.reveal(), "csrf": token_of(page)}
    before = browser.cookies["consentry-before"]
    planted["cookie"] += f"; consentry-before={before}"
    first = (await browser.post("/sign-in", data=fields, headers=planted)).cookies["consentry"]
    second = (await enter(browser)).cookies["consentry"]

    assert len({"cst_se_planted", first, second}) == 3
    browser.cookies.clear()
    answer = await browser.get("/settings/connections", headers={"cookie": f"consentry={first}"})
    assert answer.status_code == 303
    answer = await browser.get("/settings/connections", headers={"cookie": f"consentry={second}"})
    assert answer.status_code == 200


async def test_cs_11_the_page_does_not_tell_whether_the_address_is_known(
    deeds: Deeds, browser: httpx.AsyncClient
) -> None:
    suspended = await deeds.people.users.create(OPERATOR, "sus@acme.test", password=PASSWORD)
    await deeds.people.users.set_standing(OPERATOR, suspended.id, Standing.SUSPENDED)
    pages = []

    for email, password in ((EMAIL, "wrong"), ("bob@acme.test", "wrong"), ("sus@acme.test", PASSWORD.reveal())):
        answer = await enter(browser, email=email, password=password)
        assert answer.status_code == 400
        pages.append(re.sub(r'(name="csrf" )?value="[^"]*"', "", answer.text))

    assert len(set(pages)) == 1


async def test_cs_12_after_too_many_failures_the_page_says_how_long(browser: httpx.AsyncClient) -> None:
    for _ in range(6):
        assert (await enter(browser, password="wrong")).status_code == 400

    answer = await enter(browser)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "not locked" in answer.text


@pytest.mark.parametrize("next_url", HOSTILE_NEXT)
async def test_cs_14_no_sign_in_leads_away_from_us(browser: httpx.AsyncClient, next_url: str) -> None:
    assert (await enter(browser, next_url=next_url)).headers["location"] == "/settings/connections"
    assert (await browser.get(f"/sign-in?next={quote(next_url)}")).headers["location"] == "/settings/connections"


@pytest.mark.parametrize("deeds", ["https://consentry.test"], indirect=True)
async def test_cs_15_cookies_are_ours_alone(browser: httpx.AsyncClient) -> None:
    answer = await enter(browser)

    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-consentry="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}


@pytest.mark.parametrize(
    "body", ["email=a%00b&password=x", "email=%ff&password=x", "email=%zz", "email=a&email=b", "next=%00"]
)
async def test_in_07_a_form_that_is_no_text_is_refused(browser: httpx.AsyncClient, body: str) -> None:
    page = await browser.get("/sign-in")
    answer = await browser.post(
        "/sign-in",
        content=f"csrf={token_of(page)}&{body}",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 400


async def test_cs_01_signing_out_takes_our_own_form(browser: httpx.AsyncClient) -> None:
    await enter(browser)

    assert (await browser.post("/sign-out", data={"csrf": "0" * 64})).status_code == 403
    assert (await browser.get("/settings/connections")).status_code == 200


async def test_rv_11_a_suspended_person_is_out_at_the_next_request(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId
) -> None:
    await enter(browser)
    await deeds.people.users.set_standing(OPERATOR, ana, Standing.SUSPENDED)

    assert (await browser.get("/settings/connections")).status_code == 303


async def test_the_organisation_looked_at_is_chosen_and_remembered(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId
) -> None:
    other = await deeds.people.organisations.create(OPERATOR, "Zenith Books")
    await deeds.people.members.set(OPERATOR, other.id, ana, ["reader"])
    stranger = await deeds.people.organisations.create(OPERATOR, "Strange Books")
    await enter(browser)

    assert "Acme Books" in (await browser.get("/settings/connections")).text
    choice = await browser.get("/settings/organisation")
    assert f"/settings?organisation={other.id}" in choice.text
    assert stranger.id not in choice.text
    await browser.get(f"/settings?organisation={other.id}")
    assert "Zenith Books" in (await browser.get("/settings/connections")).text
    assert (await browser.get("/settings/audit")).status_code == 403
    await browser.get(f"/settings?organisation={stranger.id}")
    assert "Zenith Books" in (await browser.get("/settings/connections")).text


async def test_cs_16_a_form_of_one_organisation_is_not_done_in_another(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId
) -> None:
    other = await deeds.people.organisations.create(OPERATOR, "Zenith Books")
    await deeds.people.members.set(OPERATOR, other.id, ana, ["owner"])
    await enter(browser)
    old = token_of(await browser.get("/settings/connections"))
    await browser.get(f"/settings?organisation={other.id}")

    answer = await browser.post("/settings/connections", data={"csrf": old, "action": "disconnect"})

    assert answer.status_code == 403
    assert (await browser.post("/sign-out", data={"csrf": old})).status_code == 303


async def test_a_member_of_no_organisation_may_look_and_is_no_operator(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId, acme: OrganisationId
) -> None:
    await deeds.people.members.remove(OPERATOR, acme, ana)
    await enter(browser)

    assert (await browser.get("/settings/connections")).status_code == 200
    assert (await browser.get("/settings/audit")).status_code == 403


async def test_tn_04_the_audit_takes_its_permission(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId, acme: OrganisationId
) -> None:
    await deeds.people.members.set(OPERATOR, acme, ana, ["reader"])
    await enter(browser)

    assert (await browser.get("/settings/audit")).status_code == 403


async def test_the_audit_names_who_did_what_and_leads_to_older_events(
    deeds: Deeds, browser: httpx.AsyncClient, ana: UserId, acme: OrganisationId, clock: FixedClock
) -> None:
    acting = OPERATOR
    for number in range(60):
        clock.pass_time(timedelta(seconds=1))
        await deeds.people.roles.set(acting, acme, f"role{number}", ["invoice.read"])
    await enter(browser)

    page = await browser.get("/settings/audit")
    older = re.search(r'href="(/settings/audit\?before=[^"]+)"', page.text)

    assert "Role defined" in page.text
    assert older is not None
    assert "Member&#39;s roles or standing set" in (await browser.get(older[1])).text
    assert ana
    for before in ("x" * 65, "%00", "%D0%B0"):
        assert (await browser.get(f"/settings/audit?before={before}")).status_code == 400


async def test_the_management_api_and_its_reference_stand_under_their_path(
    deeds: Deeds, browser: httpx.AsyncClient
) -> None:
    token = (await deeds.operators.create(OPERATOR, "Deployment")).token.reveal()
    bearer = {"authorization": f"Bearer {token}"}

    page = await browser.get("/api/v1/docs")
    refused = await browser.post("/api/v1/organisations", json={"name": ""}, headers=bearer)
    absent = await browser.get("/api/v1/nothing")

    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await browser.get("/api/v1/openapi.json")).json()["info"]["title"] == "Consentry management API"
    assert (refused.status_code, refused.json()["instance"]) == (400, "/api/v1/organisations")
    assert (absent.status_code, absent.headers["content-type"]) == (404, "application/problem+json")
