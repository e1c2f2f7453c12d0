"""`/settings/api-keys` as a browser uses it: make, look, edit down, rotate, revoke."""

import re

import httpx
import pytest

from app_builders import ACME, BO, OTHER
from consentry.model.access import Access
from consentry.web.main import app_over
from consentry.wiring import Deeds
from site_client import Form, send_form
from standing_builders import set_role

NEW: Form = {"name": "Nightly export", "permission": ["invoice.read", "client.read"], "action": "create"}


def key_in(answer: httpx.Response) -> str:
    found = re.search(r"cst_key_[0-9A-Za-z]{71}", answer.text)
    assert found is not None, answer.text
    return found[0]


async def make(browser: httpx.AsyncClient, **changes: str | list[str]) -> tuple[str, str]:
    """Make a key; return the path of its page and its text."""
    answer = await send_form(browser, "/settings/api-keys/new", {**NEW, **changes})
    assert answer.status_code == 200, answer.text
    text = key_in(answer)
    return f"/settings/api-keys/key_{text[8:30]}", text


async def opens(deeds: Deeds, text: str) -> frozenset[str] | None:
    answer = await deeds.check_bearer.check(text, address="192.0.2.7")
    return answer.permissions if isinstance(answer, Access) else None


async def test_tn_03_the_key_stands_on_the_page_that_answers_and_nowhere_else(
    bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    page, text = await make(bo)

    assert await opens(deeds, text) == frozenset({"invoice.read", "client.read"})
    for path in ("/settings/api-keys", page, "/settings/connections"):
        shown = await bo.get(path)
        assert shown.status_code == 200
        assert "Nightly export" in shown.text
        assert text[20:] not in shown.text


async def test_in_11_everything_wrong_is_told_at_once_and_what_was_typed_stays(
    bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    typed: Form = {"name": " ", "expires": "on", "expires_on": "soon", "addresses": "192.0.2.7\r\nnowhere"}

    answer = await send_form(bo, "/settings/api-keys/new", {**typed, "action": "create"})

    assert answer.status_code == 400
    for words in ("Enter a name.", "at least one permission", "Enter the date", "Line 2", "nowhere</textarea>"):
        assert words in answer.text
    assert await deeds.api_keys.keys.page(ACME, None, after=None, limit=10) == ()


async def test_a_permission_that_is_not_held_is_shown_with_its_reason_and_refused_when_forged(
    bo: httpx.AsyncClient,
) -> None:
    form = await bo.get("/settings/api-keys/new")
    forged = await send_form(bo, "/settings/api-keys/new", {**NEW, "permission": ["invoice.send"]})

    assert "Not in your role Bookkeeper." in form.text
    assert forged.status_code == 400
    assert "is not yours to give" in forged.text


async def test_the_shortcut_answers_with_the_same_page_and_makes_nothing(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    answer = await send_form(
        bo, "/settings/api-keys/new", {**NEW, "permission": ["invoice.write"], "action": "read_only"}
    )

    ticked = re.findall(r'value="([a-z_]+\.[a-z_]+)" checked', answer.text)
    assert (answer.status_code, sorted(ticked)) == (200, ["client.read", "invoice.read"])
    assert 'value="Nightly export"' in answer.text
    assert await deeds.api_keys.keys.page(ACME, None, after=None, limit=10) == ()


async def test_a_key_is_edited_down_on_its_page(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    page, text = await make(bo)

    saved = await send_form(bo, page, {"action": "save", "name": "Weekly", "permission": ["client.read"]})
    wider = await send_form(
        bo, page, {"action": "save", "name": "Weekly", "permission": ["client.read", "invoice.write"]}
    )

    assert (saved.status_code, saved.headers["location"]) == (303, f"{page}?done=saved")
    assert "The key was changed." in (await bo.get(f"{page}?done=saved")).text
    assert wider.status_code == 400
    assert "an edit cannot add it" in wider.text
    assert await opens(deeds, text) == frozenset({"client.read"})


async def test_a_rotation_shows_the_new_key_and_the_old_one_goes_on(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    page, text = await make(bo)

    answer = await send_form(bo, page, {"action": "rotate", "overlap": "1d"})

    assert answer.status_code == 200
    assert "The key before it works until" in answer.text
    assert key_in(answer) != text
    assert await opens(deeds, text) == await opens(deeds, key_in(answer)) != frozenset()
    ended = await send_form(bo, page, {"action": "rotate", "overlap": "none"})
    assert ended.status_code == 200
    assert await opens(deeds, text) is None
    assert (await send_form(bo, page, {"action": "rotate", "overlap": "1y"})).status_code == 400


async def test_tn_07_a_revoked_key_stops_before_the_page_answers_and_stays_in_the_list(
    bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    page, text = await make(bo)

    answer = await send_form(bo, page, {"action": "revoke"})

    assert answer.status_code == 303
    assert await opens(deeds, text) is None
    shown = (await bo.get(page)).text
    assert "Revoked" in shown
    assert 'value="rotate"' not in shown
    assert "Nightly export" in (await bo.get("/settings/api-keys")).text
    assert (await send_form(bo, page, {"action": "rotate", "overlap": "1d"})).status_code == 409


async def test_a_manager_sees_the_keys_of_everybody_and_revokes_them(
    ana: httpx.AsyncClient, bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    page, text = await make(bo)

    assert "Every key of the organisation." in (await ana.get("/settings/api-keys")).text
    shown = (await ana.get(page)).text
    assert 'value="rotate"' not in shown
    assert (await send_form(ana, page, {"action": "rotate", "overlap": "1d"})).status_code == 409
    assert (await send_form(ana, page, {"action": "revoke"})).status_code == 303
    assert await opens(deeds, text) is None
    assert "by <bdi>Ana</bdi>" in (await bo.get(page)).text


async def test_tn_01_the_key_of_another_is_answered_as_one_that_is_not_there(
    ana: httpx.AsyncClient, bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    page, text = await make(ana)
    elsewhere = (await ana.get(f"/settings/api-keys?organisation={OTHER}")).status_code

    for path in (page, "/settings/api-keys/key_none", "/settings/api-keys/%00"):
        assert (await bo.get(path)).status_code == 404
        for action in ("save", "rotate", "revoke"):
            answer = await send_form(bo, path, {"action": action, "overlap": "1d", "name": "Mine"})
            assert answer.status_code == 404
    assert elsewhere == 200
    assert await opens(deeds, text) is not None


async def test_tn_04_who_may_not_make_keys_reads_which_permission_is_missing(
    bo: httpx.AsyncClient, deeds: Deeds
) -> None:
    page, text = await make(bo)
    await set_role(deeds.database, ACME, BO, "reader")

    for answer in (
        await bo.get("/settings/api-keys/new"),
        await send_form(bo, "/settings/api-keys/new", NEW),
        await send_form(bo, page, {"action": "rotate", "overlap": "1d"}),
    ):
        assert answer.status_code == 403
        assert "api_key.create" in answer.text
    assert (await send_form(bo, page, {"action": "revoke"})).status_code == 303
    assert await opens(deeds, text) is None


@pytest.mark.parametrize("path", ["/settings/api-keys", "/settings/api-keys/new", "/settings/api-keys/key_1"])
async def test_nobody_sees_a_page_without_signing_in(deeds: Deeds, path: str) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app_over(deeds)), base_url=deeds.settings.issuer
    ) as nobody:
        answer = await nobody.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Fsettings%2Fapi-keys")


async def test_cs_01_a_form_without_our_token_does_nothing(bo: httpx.AsyncClient, deeds: Deeds) -> None:
    page, text = await make(bo)

    assert (await bo.post(page, data={"action": "revoke"})).status_code == 403
    assert (await bo.post(page, data={"action": "revoke", "csrf": "0" * 64})).status_code == 403
    assert await opens(deeds, text) is not None
