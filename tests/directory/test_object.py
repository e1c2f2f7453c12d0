"""Members from an object of the product's: one call for all that wait, and nobody let in where it fails."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from forms import VIEW, DirectoryWorld, InObject

from consentry.guard import CallRefusedError, Guard
from consentry.guard.blocking import BlockingGuard
from consentry.model.access import Access, Refused
from consentry.ports.directory import DirectoryUnavailableError, Holding, Pair
from consentry.storage import asked_people
from consentry.wiring import open_deeds
from protocol_world import settings_for
from site_client import browser_of


async def test_all_checks_that_wait_in_one_turn_are_one_call(object_world: DirectoryWorld) -> None:
    protocol, product = object_world.protocol, object_world.product
    mia = await protocol.add_member("mia@acme.test", "bookkeeper")
    tokens = [
        (await protocol.connect(protocol.web)).access_token,
        (await protocol.connect(protocol.web, user_id=mia)).access_token,
    ]
    # The first use opens the connections of the pool, one after another.
    await asyncio.gather(*(object_world.guard.check(text) for text in tokens * 16))
    product.calls.clear()

    answers = await asyncio.gather(*(object_world.guard.check(text) for text in tokens * 16))

    assert all(isinstance(answer, Access) for answer in answers)
    assert sum(map(len, product.calls)) < len(answers)
    if protocol.deeds.settings.sqlite_path is not None:
        assert [set(pairs) for pairs in product.calls] == [{(protocol.acme, protocol.bo), (protocol.acme, mia)}]


async def test_nothing_is_remembered_for_the_next_check(object_world: DirectoryWorld) -> None:
    token = (await object_world.protocol.connect(object_world.protocol.web)).access_token
    object_world.product.calls.clear()

    for _ in range(5):
        await object_world.guard.check(token)

    assert len(object_world.product.calls) == 5


async def raising(_pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
    raise ValueError("a database of the product's is down: secret-data")


async def hanging(_pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
    await asyncio.sleep(60)
    return {}


async def giving_nothing(_pairs: Sequence[Pair]) -> Any:
    return None


async def giving_text(pairs: Sequence[Pair]) -> Any:
    return dict.fromkeys(pairs, "owner")


async def giving_a_bad_name(pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
    return dict.fromkeys(pairs, Holding(("reader;owner",)))


@pytest.mark.parametrize("answer", [raising, hanging, giving_nothing, giving_text, giving_a_bad_name])
async def test_whatever_goes_wrong_with_the_object_refuses_the_call(
    object_world: DirectoryWorld, answer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await object_world.protocol.connect(object_world.protocol.web)).access_token
    for present in presents_of(object_world):
        monkeypatch.setattr(present, "_timeout", 0.05)
    monkeypatch.setattr(object_world.product, "find_holders", answer)

    with pytest.raises(DirectoryUnavailableError):
        await object_world.guard.check(token)
    with pytest.raises(CallRefusedError) as caught:
        await object_world.guard.authorise([f"Bearer {token}"], "invoice.read")

    assert caught.value.answer.status == 503
    assert b"secret-data" not in caught.value.answer.body


async def test_one_that_gives_up_waiting_takes_nothing_from_the_others(object_world: DirectoryWorld) -> None:
    token = (await object_world.protocol.connect(object_world.protocol.web)).access_token
    first, second = (asyncio.create_task(object_world.guard.check(token)) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()

    assert isinstance(await second, Access)
    with pytest.raises(asyncio.CancelledError):
        await first


def presents_of(world: DirectoryWorld) -> list[asked_people.PresentHolders]:
    stores = (world.guard._check_bearer.credentials, world.protocol.deeds.check_bearer.credentials)
    return [store._present for store in stores if isinstance(store, asked_people.AskedCredentialStore)]


async def test_a_view_and_an_object_at_once_are_refused(object_world: DirectoryWorld, own_url: str) -> None:
    file = object_world.protocol.deeds.settings.catalog.with_name("any.sqlite3")
    settings = settings_for(file, database_url=own_url, directory_view_members=VIEW)

    for opening in (open_deeds, Guard.open):
        with pytest.raises(ValueError, match="not both"):
            opening(settings, directory=InObject())


async def test_pages_endpoints_and_api_answer_503_while_the_object_fails(
    object_world: DirectoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol, deeds = object_world.protocol, object_world.protocol.deeds
    tokens = await protocol.connect(protocol.web)
    async with await browser_of(deeds, protocol.bo) as browser:
        browser.cookies.set("__Host-consentry", browser.cookies["consentry"])
        monkeypatch.setattr(object_world.product, "find_holders", raising)
        page = await browser.get("/settings/connections")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, **protocol.web.credentials}
        refreshed = await browser.post("/oauth/token", data=form)
        browser.cookies.clear()
        api = await browser.get("/api/v1/me/access", headers={"authorization": f"Bearer {tokens.access_token}"})

    assert (page.status_code, refreshed.status_code, api.status_code) == (503, 503, 503)
    assert refreshed.json()["error"] == "temporarily_unavailable"


async def test_a_guard_for_threads_asks_the_object_too(object_world: DirectoryWorld) -> None:
    protocol, product = object_world.protocol, object_world.product
    token = (await protocol.connect(protocol.web)).access_token
    guard = BlockingGuard.open(protocol.deeds.settings, clock=protocol.deeds.clock, directory=product)

    allowed = await asyncio.to_thread(guard.check, token)
    await product.remove()
    refused = await asyncio.to_thread(guard.check, token)
    await asyncio.to_thread(guard.close)

    assert isinstance(allowed, Access)
    assert isinstance(refused, Refused)
