"""Keys of clients at an address of theirs. RFC 7591 §2 (`jwks_uri`), OpenID Connect Core §10.1.1, RFC 9111."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from client_keys import a_key, assertion_claims, key_set
from consentry.flows.fetch_document import FetchDocument
from consentry.model.fetched_document import CEILING, FLOOR, freshness
from consentry.model.ids import AppId
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.errors import ErrorCode
from consentry.oauth.jwt_assertion import ASSERTION_TYPE
from consentry.ports.outbound import FetchedDocument, OutboundError
from consentry.storage.database import Database
from consentry.storage.fetched_documents import SqlFetchedDocumentStore
from consentry.wiring import open_deeds
from protocol_world import ProtocolWorld, fill_protocol_world, refused, settings_for
from small_world import FixedClock

URL = "https://client.test/jwks"
JSON = {"content-type": "application/json"}


class Site:
    """The client's web site, as far as a server that fetches sees it."""

    def __init__(self) -> None:
        self.answer: FetchedDocument | None = None
        self.asked: list[Mapping[str, str]] = []

    def serve(self, body: str, status: int = 200, caching: str = "", etag: str = "") -> None:
        headers = {"cache-control": caching, "etag": etag}
        self.answer = FetchedDocument(status, body.encode(), {**JSON, **headers})

    async def fetch(
        self, url: str, *, accept: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> FetchedDocument:
        assert url == URL
        assert "json" in accept
        self.asked.append(headers or {})
        if self.answer is None or len(self.answer.body) > most_bytes:
            raise OutboundError("client.test did not answer within 5 seconds.")
        return self.answer

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        raise AssertionError((url, form))


@pytest.fixture
def their_site() -> Site:
    return Site()


@pytest.fixture
def documents(database: Database, their_site: Site, clock: FixedClock) -> FetchDocument:
    return FetchDocument(SqlFetchedDocumentStore(database), their_site, clock)


async def find(documents: FetchDocument, *, anew: bool = False) -> str | None:
    return await documents.find(URL, accept="application/json", most_bytes=1000, anew=anew)


async def test_a_document_is_fetched_once_while_it_is_fresh(
    documents: FetchDocument, their_site: Site, clock: FixedClock
) -> None:
    their_site.serve("{}", caching="public, max-age=300")

    for _ in range(3):
        assert await find(documents) == "{}"
    assert len(their_site.asked) == 1

    clock.pass_time(timedelta(seconds=300))
    their_site.serve('{"a":1}')
    assert await find(documents) == '{"a":1}'
    assert len(their_site.asked) == 2


async def test_a_document_that_did_not_change_need_not_be_sent_again(
    documents: FetchDocument, their_site: Site, clock: FixedClock
) -> None:
    their_site.serve("{}", etag='"1"', caching="max-age=60")
    await find(documents)
    clock.pass_time(timedelta(seconds=60))
    their_site.serve("", 304)

    assert await find(documents) == "{}"
    assert their_site.asked[1] == {"if-none-match": '"1"'}


async def test_ss_08_a_failure_is_not_kept_and_not_tried_again_at_once(
    documents: FetchDocument, their_site: Site, clock: FixedClock
) -> None:
    their_site.serve("oh", 500)
    for _ in range(3):
        assert await find(documents) is None
    assert len(their_site.asked) == 1

    their_site.serve("{}")
    assert await find(documents) is None
    clock.pass_time(timedelta(seconds=15))
    assert await find(documents) == "{}"


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (404, "application/json", b"{}"),
        (302, "application/json", b"{}"),
        (304, "application/json", b""),
        (200, "text/html", b"{}"),
        (200, "application/json", b"\xff"),
        (200, "application/json", b'"\0"'),
        (200, "application/json", b"x" * 1001),
    ],
)
async def test_ss_04_ss_06_only_a_small_json_document_of_the_address_itself_is_taken(
    documents: FetchDocument, their_site: Site, status: int, content_type: str, body: bytes
) -> None:
    their_site.answer = FetchedDocument(status, body, {"content-type": content_type})

    assert await find(documents) is None


async def test_what_is_kept_outlives_its_server_for_as_long_as_it_is_fresh(
    documents: FetchDocument, their_site: Site, clock: FixedClock
) -> None:
    their_site.serve("{}", caching="max-age=60")
    await find(documents)
    their_site.answer = None
    clock.pass_time(timedelta(seconds=20))
    assert await find(documents, anew=True) == "{}"

    clock.pass_time(timedelta(seconds=40))
    assert await find(documents) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 600),
        ({"cache-control": "max-age=300"}, 300),
        ({"cache-control": "public,MAX-AGE=300 , immutable"}, 300),
        ({"cache-control": 'max-age="300"'}, 300),
        ({"cache-control": "max-age=300", "age": "100"}, 200),
        ({"cache-control": "max-age=300", "age": "x"}, 300),
        ({"cache-control": "max-age=0"}, FLOOR.total_seconds()),
        ({"cache-control": "no-store"}, FLOOR.total_seconds()),
        ({"cache-control": "max-age=300, no-cache"}, FLOOR.total_seconds()),
        ({"cache-control": "max-age=9999999999"}, CEILING.total_seconds()),
        ({"cache-control": "s-maxage=5"}, 600),
        ({"cache-control": "x-max-age=5"}, 600),
    ],
    ids=str,
)
def test_how_long_a_document_is_fresh(headers: Mapping[str, str], seconds: float) -> None:
    assert freshness(headers).total_seconds() == seconds


class World:
    """The app of the protocol's world, whose keys are at an address."""

    def __init__(self, protocol: ProtocolWorld, site: Site, clock: FixedClock) -> None:
        self.protocol, self.site, self.clock = protocol, site, clock

    async def authenticate(self, number: int = 1) -> AppId:
        claims = assertion_claims(self.protocol.web.app.client_id, self.clock)
        fields = {"client_assertion": a_key(number=number).sign(claims), "client_assertion_type": ASSERTION_TYPE}
        return (await self.protocol.authenticate(fields)).app.id


@pytest.fixture
async def world(database_url: str, tmp_path: Path, their_site: Site, clock: FixedClock) -> AsyncIterator[World]:
    settings = settings_for(tmp_path / "consentry.sqlite3", database_url=database_url)
    protocol = await fill_protocol_world(open_deeds(settings, clock=clock, outbound=their_site))
    metadata = ClientMetadata(token_endpoint_auth_method="private_key_jwt", jwks_uri=URL)
    await protocol.run("UPDATE apps SET metadata = $2 WHERE id = $1", protocol.web.app.id, metadata.to_json())
    yield World(protocol, their_site, clock)
    await protocol.deeds.database.close()


async def test_a_client_whose_keys_are_at_an_address_is_known(world: World) -> None:
    world.site.serve(key_set(a_key()))

    for _ in range(3):
        assert await world.authenticate() == world.protocol.web.app.id
    assert len(world.site.asked) == 1


async def test_a_new_key_is_looked_for_once_and_an_old_one_works_no_longer(world: World, clock: FixedClock) -> None:
    world.site.serve(key_set(a_key()))
    await world.authenticate()
    world.site.serve(key_set(a_key(number=2)))
    clock.pass_time(timedelta(seconds=20))

    assert await world.authenticate(number=2) == world.protocol.web.app.id
    with refused(ErrorCode.INVALID_CLIENT):
        await world.authenticate()
    assert len(world.site.asked) == 2


async def test_unknown_keys_do_not_make_this_server_flood_the_address(world: World) -> None:
    world.site.serve(key_set(a_key()))
    for _ in range(10):
        with refused(ErrorCode.INVALID_CLIENT):
            await world.authenticate(number=2)

    assert len(world.site.asked) == 1


async def test_an_address_that_does_not_answer_opens_nothing(world: World) -> None:
    with refused(ErrorCode.INVALID_CLIENT):
        await world.authenticate()
    world.clock.pass_time(timedelta(minutes=1))
    world.site.serve("not a key set")
    with refused(ErrorCode.INVALID_CLIENT):
        await world.authenticate()
