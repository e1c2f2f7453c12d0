"""What the product takes away is gone on the next check, wherever the product keeps its people."""

from datetime import timedelta

import pytest
from forms import DirectoryWorld

from consentry.model.access import Access, Reason, Refused
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft
from consentry.oauth.errors import ErrorCode
from protocol_world import refused

ALLOWED = {"invoice.read", "invoice.write"}


async def credentials(world: DirectoryWorld) -> tuple[str, str]:
    """Return an access token and an API key of Bo's."""
    protocol = world.protocol
    tokens = await protocol.connect(protocol.web)
    acting = member(protocol.bo, protocol.acme, frozenset({"api_key.create", *ALLOWED}))
    draft = KeyDraft("Export", tuple(sorted(ALLOWED)), protocol.deeds.clock.now() + timedelta(days=30))
    return tokens.access_token, (await protocol.deeds.api_keys.create(acting, draft)).text.reveal()


async def permissions(world: DirectoryWorld, text: str) -> frozenset[str]:
    answers = (await world.protocol.check(text), await world.guard.check(text))
    assert all(isinstance(answer, Access) for answer in answers), answers
    here, elsewhere = (answer.permissions for answer in answers if isinstance(answer, Access))
    assert here == elsewhere
    return here & ALLOWED


async def reason(world: DirectoryWorld, text: str) -> Reason:
    answers = (await world.protocol.check(text), await world.guard.check(text))
    assert all(isinstance(answer, Refused) for answer in answers), answers
    (found,) = {answer.reason for answer in answers if isinstance(answer, Refused)}
    return found


async def test_a_member_may_do_what_their_role_says_now(world: DirectoryWorld) -> None:
    for text in await credentials(world):
        assert await permissions(world, text) == ALLOWED

        await world.bo.give("reader")
        assert await permissions(world, text) == {"invoice.read"}

        await world.bo.give("reader", "bookkeeper")
        assert await permissions(world, text) == ALLOWED


async def test_a_suspended_member_may_do_nothing_until_they_are_reinstated(world: DirectoryWorld) -> None:
    for text in await credentials(world):
        await world.bo.suspend()
        assert await reason(world, text) is Reason.MEMBER_SUSPENDED

        await world.bo.reinstate()
        assert await permissions(world, text) == ALLOWED


async def test_a_removed_member_may_do_nothing_and_get_nothing(world: DirectoryWorld) -> None:
    protocol = world.protocol
    texts = await credentials(world)
    tokens = await protocol.connect(protocol.web)
    code = await protocol.approve(protocol.web)

    await world.bo.remove()

    for text in (*texts, tokens.access_token):
        assert await reason(world, text) is Reason.MEMBER_REMOVED
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.refresh(protocol.web, tokens.refresh_token)
    with refused(ErrorCode.INVALID_GRANT):
        await protocol.exchange(protocol.web, code)
    holder = await protocol.deeds.people.find_holder(protocol.acme, protocol.bo)
    assert holder is None or not holder.is_active


@pytest.mark.parametrize("change", ["suspend", "remove"])
async def test_pages_see_the_change_at_once_too(world: DirectoryWorld, change: str) -> None:
    people, book = world.protocol.deeds.people, world.protocol.deeds.role_book
    assert [book.held_by(one.holder) >= ALLOWED for one in await people.memberships_of(world.protocol.bo)] == [True]

    await getattr(world.bo, change)()

    assert [one for one in await people.memberships_of(world.protocol.bo) if book.held_by(one.holder)] == []
