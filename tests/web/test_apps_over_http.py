"""`/settings/apps` as a browser uses it: register, look, edit, rotate, switch off, delete."""

import re

import httpx
import pytest

from app_builders import CALLBACK, MANAGER, OTHER, a_draft
from consentry.model.acting import operator
from consentry.web.main import app_over
from consentry.wiring import Deeds
from site_client import send_form

NEW = {
    "name": "Ledgerly",
    "type": "confidential",
    "redirect_uris": f"{CALLBACK}\r\n",
    "scope.invoicing:read": "required",
    "scope.contacts:read": "optional",
}


async def send(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await send_form(browser, path, fields)


async def register(browser: httpx.AsyncClient, **changes: str) -> tuple[str, httpx.Response]:
    """Register an app; return the path of its page and the answer."""
    answer = await send(browser, "/settings/apps/new", **{**NEW, **changes})
    assert answer.status_code == 200, answer.text
    found = re.search(r"app_[0-9A-Za-z]{22}", answer.text)
    assert found is not None
    return f"/settings/apps/{found[0]}", answer


def secret_in(answer: httpx.Response) -> str | None:
    found = re.search(r"cst_sk_[0-9A-Za-z]{71}", answer.text)
    return None if found is None else found[0]


async def test_tn_03_the_secret_stands_on_the_page_that_answers_the_registration_and_nowhere_else(
    ana: httpx.AsyncClient,
) -> None:
    page, answer = await register(ana)

    secret = secret_in(answer)
    assert secret is not None
    assert answer.headers["cache-control"] == "no-store"
    for path in ("/settings/apps", page):
        shown = await ana.get(path)
        assert shown.status_code == 200
        assert "Ledgerly" in shown.text
        assert secret not in shown.text
        assert secret_in(shown) is None


async def test_a_public_app_is_registered_without_a_secret(ana: httpx.AsyncClient) -> None:
    _, answer = await register(ana, type="public")

    assert secret_in(answer) is None
    assert "PKCE" in answer.text


async def test_every_bad_line_has_its_message_and_what_was_typed_stays(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    typed = f"{CALLBACK}\r\nhttp://client.test/cb\r\njavascript:alert(1)"

    answer = await send(ana, "/settings/apps/new", **{**NEW, "redirect_uris": typed})

    assert answer.status_code == 400
    assert "Line 2" in answer.text
    assert "Line 3" in answer.text
    assert "javascript:alert(1)</textarea>" in answer.text
    assert await deeds.app_registry.page(MANAGER) == []


async def test_an_empty_form_is_answered_with_all_that_is_missing(ana: httpx.AsyncClient) -> None:
    answer = await send(ana, "/settings/apps/new")

    assert answer.status_code == 400
    for sentence in ("Enter a name.", "at least one redirect URI", "at least one scope", "keep a secret"):
        assert sentence in answer.text


@pytest.mark.parametrize("path", ["/settings/apps", "/settings/apps/new"])
async def test_a_member_without_the_permission_reads_which_one_is_missing(bo: httpx.AsyncClient, path: str) -> None:
    answer = await bo.get(path)

    assert answer.status_code == 403
    assert "oauth_app.manage" in answer.text


async def test_tn_04_a_member_without_the_permission_changes_nothing(
    ana: httpx.AsyncClient, bo: httpx.AsyncClient
) -> None:
    page, _ = await register(ana)
    before = (await ana.get(page)).text

    actions = ("save", "add_secret", "retire_secret", "test_redirect_uri", "deactivate", "reactivate", "delete")
    answers = [await send(bo, "/settings/apps/new", **NEW)] + [
        await send(bo, page, action=action, **NEW, uri=CALLBACK, confirm_name="Ledgerly") for action in actions
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert (await ana.get(page)).text == before


async def test_tn_01_the_page_of_another_organisations_app_is_not_there(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    foreign = (await deeds.app_registry.register(operator(None), a_draft(), organisation_id=OTHER)).app
    path = f"/settings/apps/{foreign.client_id}"

    answers = [await ana.get(path), await send(ana, path, action="delete", confirm_name="Ledgerly")]

    assert {answer.status_code for answer in answers} == {404}
    assert await deeds.app_registry.get(operator(None), foreign.client_id) == foreign


async def test_cs_01_a_form_without_our_token_does_nothing(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    answer = await ana.post("/settings/apps/new", data=NEW)

    assert answer.status_code == 403
    assert await deeds.app_registry.page(MANAGER) == []


async def test_nobody_signed_in_is_led_to_the_sign_in_and_back(deeds: Deeds) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app_over(deeds)), base_url=deeds.settings.issuer
    ) as browser:
        answer = await browser.get("/settings/apps/new")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%2Fapps%2Fnew"


async def test_an_app_is_edited_and_the_next_page_says_so(ana: httpx.AsyncClient) -> None:
    page, _ = await register(ana)

    answer = await send(ana, page, **{**NEW, "action": "save", "name": "Renamed", "require_pkce": "no"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=saved")
    after = await ana.get(answer.headers["location"])
    assert "The app was changed." in after.text
    assert "Renamed" in after.text


async def test_tn_06_a_bad_edit_keeps_what_was_typed_and_changes_nothing(ana: httpx.AsyncClient) -> None:
    page, _ = await register(ana)

    answer = await send(ana, page, **{**NEW, "action": "save", "redirect_uris": f"{CALLBACK}#f"})

    assert answer.status_code == 400
    assert "contains a fragment" in answer.text
    assert f"{CALLBACK}#f" not in (await ana.get(page)).text


async def test_a_second_secret_is_shown_once_and_the_first_retired(ana: httpx.AsyncClient) -> None:
    page, registered = await register(ana)
    first = re.search(r'name="secret" value="(sec_[0-9A-Za-z]{22})"', (await ana.get(page)).text)
    assert first is not None

    added = await send(ana, page, action="add_secret")
    assert secret_in(added) not in {None, secret_in(registered)}
    assert (await send(ana, page, action="add_secret")).status_code == 409
    later = await send(ana, page, action="retire_secret", secret=first[1], when="7d")
    assert later.headers["location"] == f"{page}?done=scheduled"
    now = await send(ana, page, action="retire_secret", secret=first[1], when="now")

    assert now.headers["location"] == f"{page}?done=retired"
    assert first[1] not in (await ana.get(page)).text


async def test_an_app_is_deactivated_reactivated_and_deleted_by_its_name(ana: httpx.AsyncClient) -> None:
    page, _ = await register(ana)

    assert (await send(ana, page, action="deactivate")).status_code == 303
    assert "This app is deactivated" in (await ana.get(page)).text
    assert (await send(ana, page, action="reactivate")).status_code == 303
    wrong = await send(ana, page, action="delete", confirm_name="ledgerly")
    assert wrong.status_code == 400
    assert "not the app" in wrong.text
    right = await send(ana, page, action="delete", confirm_name="Ledgerly")

    assert right.headers["location"] == "/settings/apps?done=deleted"
    assert (await ana.get(page)).status_code == 404


async def test_the_owner_sees_a_refused_address_beside_the_registered_one(ana: httpx.AsyncClient) -> None:
    page, _ = await register(ana)
    client_id = page.rpartition("/")[2]

    refused = await ana.get(
        "/oauth/authorize",
        params={"client_id": client_id, "redirect_uri": f"{CALLBACK}/", "response_type": "code", "state": "x"},
    )

    assert refused.status_code == 400
    shown = (await ana.get(page)).text
    assert f"{CALLBACK}<mark>/</mark>" in shown
    assert "A slash at the end differs" in shown


async def test_a_button_that_the_page_does_not_have_does_nothing(ana: httpx.AsyncClient) -> None:
    page, _ = await register(ana)

    assert (await send(ana, page, action="trust")).status_code == 400
