"""Signing in, staying signed in, and what slows down whoever guesses."""

import asyncio
from datetime import timedelta

import pytest

from consentry.flows.sign_in import ACCOUNT_POLICY, PAIR_POLICY, SOURCE_POLICY, SignedIn, SignInRefused, SignInThrottled
from consentry.model.catalog import Catalog
from consentry.model.ids import UserId
from consentry.model.organisation import Standing
from consentry.model.secret import Secret
from consentry.model.throttling import ThrottlePolicy
from consentry.storage.database import Database
from people_builders import OPERATOR, PASSWORD, World, build_world
from small_world import FixedClock

EMAIL = "ana@acme.test"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
WRONG = Secret("not the password")


@pytest.fixture
def world(database: Database, clock: FixedClock, catalog: Catalog) -> World:
    return build_world(database, clock, catalog)


@pytest.fixture
async def ana(world: World) -> UserId:
    return await world.add_user(EMAIL)


@pytest.fixture(autouse=True)
async def _ana_has_an_account(ana: UserId) -> None:
    """Every test has one user, whether it speaks of her or not."""
    assert ana


async def enter(world: World, address: str = HERE) -> SignedIn:
    answer = await world.sign_in.sign_in(EMAIL, PASSWORD, address=address)
    assert isinstance(answer, SignedIn)
    return answer


async def fail(world: World, *, times: int, email: str = EMAIL, address: str = HERE) -> None:
    for _ in range(times):
        assert isinstance(await world.sign_in.sign_in(email, WRONG, address=address), SignInRefused)


async def test_the_right_password_opens_a_session(world: World, ana: UserId) -> None:
    answer = await world.sign_in.sign_in(" ANA@acme.test", PASSWORD, address=HERE)

    assert isinstance(answer, SignedIn)
    found = await world.sign_in.find_session(answer.credential.reveal())
    assert found is not None
    assert found.user.id == ana


async def test_cs_11_unknown_wrong_and_suspended_cost_the_same_and_say_the_same(world: World) -> None:
    await world.people.users.create(OPERATOR, "nopassword@acme.test")
    suspended = await world.add_user("suspended@acme.test")
    await world.people.users.set_standing(OPERATOR, suspended, Standing.SUSPENDED)

    for email, password in (
        (EMAIL, WRONG),
        ("nobody@acme.test", PASSWORD),
        ("nopassword@acme.test", PASSWORD),
        ("suspended@acme.test", PASSWORD),
        ("not an address", PASSWORD),
        ("nul\0@acme.test", PASSWORD),
    ):
        before = world.passwords.verified
        assert await world.sign_in.sign_in(email, password, address=ELSEWHERE) == SignInRefused()
        assert world.passwords.verified == before + 1


@pytest.mark.parametrize("password", ["", "x" * 2000, "half \ud800 a pair", "nul\0"])
async def test_in_07_text_that_can_be_no_password_is_only_wrong(world: World, password: str) -> None:
    assert await world.sign_in.sign_in(EMAIL, Secret(password), address=HERE) == SignInRefused()


async def test_cs_03_signing_in_again_ends_the_credential_that_the_browser_had(world: World) -> None:
    """The same person's session goes on: apps know it, and requests that wait for an answer hang on it."""
    before = await enter(world)
    live = await world.sign_in.find_session(before.credential.reveal())

    after = await world.sign_in.sign_in(EMAIL, PASSWORD, address=HERE, replacing=live)

    assert isinstance(after, SignedIn)
    assert after.session.id == before.session.id
    assert await world.sign_in.find_session(before.credential.reveal()) is None
    assert await world.sign_in.find_session(after.credential.reveal()) is not None


async def test_cs_03_another_person_gets_another_session_and_the_one_before_ends(world: World) -> None:
    before = await enter(world)
    live = await world.sign_in.find_session(before.credential.reveal())
    await world.add_user("other@acme.test")

    after = await world.sign_in.sign_in("other@acme.test", PASSWORD, address=HERE, replacing=live)

    assert isinstance(after, SignedIn)
    assert after.session.id != before.session.id
    assert await world.sign_in.find_session(before.credential.reveal()) is None
    assert await world.sign_in.find_session(after.credential.reveal()) is not None


async def test_signing_in_again_as_the_session_ends_elsewhere_opens_another(world: World) -> None:
    before = await enter(world)
    live = await world.sign_in.find_session(before.credential.reveal())
    assert live is not None
    await world.sign_in.sign_out(live)

    after = await world.sign_in.sign_in(EMAIL, PASSWORD, address=HERE, replacing=live)

    assert isinstance(after, SignedIn)
    assert after.session.id != before.session.id
    assert await world.sign_in.find_session(after.credential.reveal()) is not None


async def test_a_signed_out_session_does_nothing(world: World) -> None:
    credential = (await enter(world)).credential.reveal()
    live = await world.sign_in.find_session(credential)
    assert live is not None

    await world.sign_in.sign_out(live)

    assert await world.sign_in.find_session(credential) is None


async def test_any_changed_character_makes_the_session_unknown(world: World) -> None:
    credential = (await enter(world)).credential.reveal()

    for index, letter in enumerate(credential):
        changed = credential[:index] + ("A" if letter != "A" else "B") + credential[index + 1 :]
        assert await world.sign_in.find_session(changed) is None


async def test_a_session_ends_after_twelve_idle_hours_and_not_before(world: World, clock: FixedClock) -> None:
    credential = (await enter(world)).credential.reveal()

    for _ in range(3):
        clock.pass_time(timedelta(hours=11))
        assert await world.sign_in.find_session(credential) is not None
    clock.pass_time(timedelta(hours=12))

    assert await world.sign_in.find_session(credential) is None


async def test_looking_again_within_five_minutes_writes_nothing(world: World, clock: FixedClock) -> None:
    credential = (await enter(world)).credential.reveal()
    seen = []

    for minutes in (4, 2, 4):
        clock.pass_time(timedelta(minutes=minutes))
        await world.sign_in.find_session(credential)
        found = await world.sign_in.find_session(credential)
        assert found is not None
        seen.append(found.session.seen_at)

    assert seen[0] < seen[1] == seen[2]


@pytest.mark.parametrize("how", ["suspended", "new password"])
async def test_rv_11_a_session_of_whoever_may_not_act_is_refused_at_the_next_request(
    world: World, ana: UserId, how: str
) -> None:
    credentials = [(await enter(world)).credential.reveal() for _ in range(2)]

    if how == "suspended":
        await world.people.users.set_standing(OPERATOR, ana, Standing.SUSPENDED)
    else:
        await world.people.users.set_password(OPERATOR, ana, Secret("another long password"))

    assert [await world.sign_in.find_session(text) for text in credentials] == [None, None]


async def test_cs_12_one_account_is_slowed_and_never_locked(world: World, clock: FixedClock) -> None:
    await fail(world, times=PAIR_POLICY.free + 1)

    answer = await world.sign_in.sign_in(EMAIL, PASSWORD, address=HERE)
    assert answer == SignInThrottled(timedelta(seconds=1))

    clock.pass_time(timedelta(seconds=1))
    await enter(world)


async def test_cs_12_a_stranger_does_not_keep_the_owner_out(world: World) -> None:
    await fail(world, times=PAIR_POLICY.free + 1, address=ELSEWHERE)
    assert isinstance(await world.sign_in.sign_in(EMAIL, WRONG, address=ELSEWHERE), SignInThrottled)

    await enter(world, HERE)


async def test_cs_12_one_source_that_tries_many_accounts_is_slowed(world: World) -> None:
    for number in range(SOURCE_POLICY.free + 1):
        await fail(world, times=1, email=f"user{number}@acme.test", address=ELSEWHERE)

    assert isinstance(await world.sign_in.sign_in(EMAIL, PASSWORD, address=ELSEWHERE), SignInThrottled)
    await enter(world, HERE)


async def test_cs_12_many_sources_that_try_one_account_are_slowed(world: World) -> None:
    for number in range(ACCOUNT_POLICY.free + 1):
        await fail(world, times=1, address=f"203.0.113.{number}")

    assert isinstance(await world.sign_in.sign_in(EMAIL, WRONG, address=ELSEWHERE), SignInThrottled)


async def test_cs_12_guesses_sent_at_once_do_not_slip_past(world: World) -> None:
    answers = await asyncio.gather(
        *(world.sign_in.sign_in(EMAIL, WRONG, address=HERE) for _ in range(60)),
        world.sign_in.sign_in(EMAIL, PASSWORD, address=HERE),
    )

    heard = [answer for answer in answers if not isinstance(answer, SignInThrottled)]
    assert heard == [SignInRefused()] * (PAIR_POLICY.free + 1)
    assert world.passwords.verified == PAIR_POLICY.free + 1
    assert isinstance(answers[-1], SignInThrottled)


async def test_addresses_of_one_ipv6_site_are_one_source(world: World) -> None:
    for number in range(PAIR_POLICY.free + 1):
        await fail(world, times=1, address=f"2001:db8:1:2::{number}")

    assert isinstance(await world.sign_in.sign_in(EMAIL, WRONG, address="2001:db8:1:2:9::9"), SignInThrottled)
    assert isinstance(await world.sign_in.sign_in(EMAIL, WRONG, address="2001:db8:1:3::1"), SignInRefused)


async def test_a_success_forgets_the_failures_before_it(world: World) -> None:
    for _ in range(3):
        await fail(world, times=PAIR_POLICY.free)
        await enter(world)


async def test_a_success_without_failures_before_it_remembers_nothing(world: World) -> None:
    await enter(world)

    assert await world.database.read("SELECT key FROM throttles") == []


async def test_tn_11_a_refusal_and_a_success_are_in_the_audit_without_the_password(world: World, ana: UserId) -> None:
    await fail(world, times=1)
    await enter(world)

    rows = await world.database.read(
        "SELECT kind, subject, details FROM events WHERE kind LIKE 'user.sign%' ORDER BY id"
    )

    assert sorted((kind, subject) for kind, subject, _ in rows) == [
        ("user.sign_in_refused", ana),
        ("user.signed_in", ana),
    ]
    assert {details for _, _, details in rows} == {'{"address":"192.0.2.1"}'}


def test_cs_12_the_delay_doubles_up_to_a_quarter_of_an_hour() -> None:
    policy = ThrottlePolicy(free=2)

    delays = [policy.delay_after(count).total_seconds() for count in (1, 2, 3, 4, 5, 12, 13, 10_000)]

    assert delays == [0, 0, 1, 2, 4, 512, 900, 900]
