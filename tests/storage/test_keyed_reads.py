"""Reads by key: many callers in one round trip, each with rows of its own, and each as strict as if it asked alone."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import asyncpg
import pytest

from app_builders import ANA, add_people, writing
from consentry.storage.database import LARGE_PART, Database, KeyedRead, Row, Statement
from consentry.storage.gathering import UNDER_WAY_MOST
from consentry.storage.keyed_reads import KEYS_BESIDE, KEYS_MOST, KeyedReads
from consentry.storage.postgres import PostgresDatabase

NAME = KeyedRead("SELECT id, name FROM users WHERE id {key}")
SLOW = KeyedRead("SELECT id, pg_sleep(5)::text FROM users WHERE id {key}")
CUT_OFF_WHO_SLEEPS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE wait_event = 'PgSleep' AND datname = current_database()
"""
RENAME = "UPDATE users SET name = $2 WHERE id = $1"


WHOSE = ContextVar("WHOSE", default="")


class Server:
    """Answers statements over keys when it is told to, and remembers which were sent."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.may_answer = asyncio.Event()
        self.fault: BaseException | None = None
        self.seen_in: list[str] = []

    async def fetch(self, _sql: str, keys: list[str]) -> Sequence[Row]:
        self.sent.append(sorted(keys))
        self.seen_in.append(WHOSE.get())
        await self.may_answer.wait()
        if self.fault is not None:
            raise self.fault
        return [(key, key.upper()) for key in reversed(keys) if key != "unknown"]


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def reads(server: Server) -> KeyedReads:
    return KeyedReads(NAME, server.fetch)


async def a_few_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_who_ask_in_one_turn_share_a_statement_and_each_gets_its_own_rows(
    reads: KeyedReads, server: Server
) -> None:
    server.may_answer.set()

    answers = await asyncio.gather(*(reads.ask(key) for key in ("a", "b", "a", "unknown")))

    assert server.sent == [["a", "b", "unknown"]]
    assert answers == [[("a", "A")], [("b", "B")], [("a", "A")], ()]


async def test_who_asks_while_statements_are_under_way_is_never_answered_from_them(
    reads: KeyedReads, server: Server
) -> None:
    crowds = [["a", *(f"b{number}{place}" for place in range(1, KEYS_BESIDE))] for number in range(UNDER_WAY_MOST + 2)]
    for crowd in crowds:
        for key in crowd:
            reads.ask(key)
        await a_few_turns()
    assert server.sent == crowds[:UNDER_WAY_MOST]

    late = reads.ask("a")
    server.may_answer.set()
    await late

    waited = {key for crowd in crowds[UNDER_WAY_MOST:] for key in crowd}
    assert set().union(*server.sent[UNDER_WAY_MOST:]) == waited


async def test_few_wait_for_the_statement_that_is_under_way_and_share_the_next(
    reads: KeyedReads, server: Server
) -> None:
    answers = []
    for key in "abc":
        answers.append(reads.ask(key))
        await a_few_turns()
    assert server.sent == [["a"]]

    server.may_answer.set()
    await asyncio.gather(*answers)

    assert server.sent == [["a"], ["b", "c"]]


async def test_a_crowd_of_one_turn_is_parted_so_that_client_and_server_both_have_work(
    reads: KeyedReads, server: Server
) -> None:
    answers = [reads.ask(f"k{number}") for number in range(KEYS_MOST)]
    await a_few_turns()

    assert [len(keys) for keys in server.sent] == [KEYS_MOST // UNDER_WAY_MOST] * UNDER_WAY_MOST
    server.may_answer.set()
    await asyncio.gather(*answers)


@pytest.mark.parametrize(
    ("crowd", "sent"), [(2 * LARGE_PART - 1, [2 * LARGE_PART - 1]), (2 * LARGE_PART, [LARGE_PART] * 2)]
)
async def test_no_part_of_a_crowd_is_smaller_than_the_read_says(server: Server, crowd: int, sent: list[int]) -> None:
    reads = KeyedReads(KeyedRead(NAME.sql, LARGE_PART), server.fetch)

    answers = [reads.ask(f"k{number}") for number in range(crowd)]
    await a_few_turns()

    assert [len(keys) for keys in server.sent] == sent
    server.may_answer.set()
    await asyncio.gather(*answers)


async def test_a_crowd_is_asked_for_in_several_statements(reads: KeyedReads, server: Server) -> None:
    server.may_answer.set()
    keys = [f"k{number}" for number in range(3 * KEYS_MOST + 1)]

    answers = await asyncio.gather(*map(reads.ask, keys))

    assert answers == [[(key, key.upper())] for key in keys]
    assert max(map(len, server.sent)) == KEYS_MOST


async def test_a_caller_who_gives_up_takes_nobody_with_it(reads: KeyedReads, server: Server) -> None:
    before, during, stays = reads.ask("a"), reads.ask("b"), reads.ask("c")
    before.cancel()
    await a_few_turns()
    during.cancel()
    server.may_answer.set()

    assert await stays == [("c", "C")]
    assert server.sent == [["b", "c"]]


async def test_a_fault_is_heard_by_all_who_waited_and_the_next_statement_goes_on(
    reads: KeyedReads, server: Server
) -> None:
    server.fault = OSError("The connection broke.")
    server.may_answer.set()

    heard = await asyncio.gather(*map(reads.ask, "aab"), return_exceptions=True)
    server.fault = None

    assert heard == [heard[0]] * 3
    assert isinstance(heard[0], OSError)
    assert await reads.ask("a") == [("a", "A")]


async def test_nobody_waits_for_ever_when_the_loop_ends(server: Server, reads: KeyedReads) -> None:
    waiting = asyncio.ensure_future(reads.ask("a"))
    await a_few_turns()

    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert server.sent == [["a"]]


async def test_a_statement_that_is_cancelled_before_it_begins_stops_nobody(server: Server, reads: KeyedReads) -> None:
    server.may_answer.set()
    before = asyncio.all_tasks()
    answer = reads.ask("a")
    for task in asyncio.all_tasks() - before:
        task.cancel()

    assert await answer == [("a", "A")]


async def test_what_is_asked_for_in_one_context_is_not_answered_in_it(server: Server, reads: KeyedReads) -> None:
    server.may_answer.set()
    WHOSE.set("the first who asked")

    await reads.ask("a")

    assert server.seen_in == [""]


@pytest.mark.parametrize("key", ["\0", "a\0b", "\ud800", "é\udfff"])
async def test_in_07_a_key_that_no_text_can_hold_finds_nothing_and_hinders_nobody(
    reads: KeyedReads, server: Server, key: str
) -> None:
    server.may_answer.set()

    assert await asyncio.gather(reads.ask(key), reads.ask("ü")) == [(), [("ü", "Ü")]]
    assert server.sent == [["ü"]]


async def test_every_caller_of_an_engine_gets_its_own_rows(database: Database) -> None:
    await add_people(database)
    known = [row for row in await database.read("SELECT id, name FROM users ORDER BY id") for _ in range(3)]

    answers = await asyncio.gather(*(database.read_by_key(NAME, row[0]) for row in known))

    assert [list(map(tuple, rows)) for rows in answers] == [[row] for row in known]
    assert not await database.read_by_key(NAME, "usr_nobody")


async def test_rv_01_what_was_written_before_a_read_began_is_seen_whatever_is_under_way(database: Database) -> None:
    await add_people(database)
    ids = [row[0] for row in await database.read("SELECT id FROM users")]
    is_over = asyncio.Event()

    async def keep_reading(user_id: str) -> None:
        while not is_over.is_set():
            await database.read_by_key(NAME, user_id)
            await asyncio.sleep(0)

    others = [asyncio.create_task(keep_reading(user_id)) for user_id in ids * 8]
    for number in range(40):
        await database.write(writing, Statement(RENAME, (ANA, str(number))))
        seen = await asyncio.gather(*(database.read_by_key(NAME, ANA) for _ in range(4)))
        assert [rows[0][1] for rows in seen] == [str(number)] * 4
    is_over.set()
    await asyncio.gather(*others)


async def test_callers_hear_of_a_connection_that_breaks_and_the_next_ones_get_another(
    engine: PostgresDatabase, url: str
) -> None:
    waiting = [asyncio.ensure_future(engine.read_by_key(SLOW, ANA)) for _ in range(3)]
    other = await asyncpg.connect(url)
    while not await other.fetchval(CUT_OFF_WHO_SLEEPS):
        await a_few_turns()

    heard = await asyncio.gather(*waiting, return_exceptions=True)

    assert all(isinstance(fault, asyncpg.PostgresError) for fault in heard)
    assert [tuple(row) for row in await engine.read_by_key(NAME, ANA)] == [(ANA, "Ana")]
    await other.close()


async def test_an_engine_that_is_closed_answers_no_read_by_key(engine: PostgresDatabase) -> None:
    under_way = [asyncio.ensure_future(engine.read_by_key(NAME, ANA)) for _ in range(3)]
    await asyncio.sleep(0)

    await engine.close()

    for outcome in await asyncio.gather(*under_way, return_exceptions=True):
        assert isinstance(outcome, Exception) or outcome[0][1] == "Ana"
    with pytest.raises(RuntimeError, match="closed"):
        await engine.read_by_key(NAME, ANA)
