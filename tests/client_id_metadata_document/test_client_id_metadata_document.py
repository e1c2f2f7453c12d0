"""Clients that nobody registered, known by the document at their client ID. Threats SS-04 to SS-08; MCP C-10, C-11."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from consentry.flows.authorize import UntrustedRequestError
from consentry.flows.client_documents import GONE_AFTER
from consentry.model.app import AppOrigin, AppType
from consentry.oauth.errors import ErrorCode
from documents_of_others import CLIENT_ID, Documents, a_document
from protocol_world import OPERATOR, Party, query_of, refused
from registering_world import RegisteringWorld, registering_world
from small_world import FixedClock

OTHER = "https://client.test/other"


async def asks(world: RegisteringWorld, client_id: str = CLIENT_ID, **changes: str) -> httpx.Response:
    """Send a browser to authorize the client."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": "https://client.test/cb",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
        **changes,
    }
    return await world.http.get(f"/oauth/authorize?{urlencode(query)}")


def is_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


def is_page_400(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and "location" not in answer.headers and "<html" in answer.text


@pytest.mark.shows("Client ID Metadata Document §4 fetched", "Client ID Metadata Document §3 https-path")
async def test_a_client_is_authorized_on_the_strength_of_its_document(
    world: RegisteringWorld, documents: Documents
) -> None:
    documents.put()

    answer = await asks(world)
    app = await world.deeds.app_registry.get(OPERATOR, CLIENT_ID)

    assert is_sign_in(answer)
    assert (app.name, app.type, app.origin, app.vouched_by) == (
        "Assistant",
        AppType.PUBLIC,
        AppOrigin.DOCUMENT,
        "assistant.test",
    )


async def test_it_connects_refreshes_and_is_revoked_as_any_other(world: RegisteringWorld, documents: Documents) -> None:
    documents.put()
    await asks(world)
    party = Party(await world.deeds.app_registry.get(OPERATOR, CLIENT_ID), None)

    tokens = await world.protocol.connect(party)
    fresh = await world.protocol.refresh(party, tokens.refresh_token)
    await world.protocol.end_connection(fresh.access_token)

    with refused(ErrorCode.INVALID_GRANT):
        await world.protocol.refresh(party, fresh.refresh_token)


@pytest.mark.parametrize(
    "client_id",
    [
        pytest.param("http://assistant.test/client.json", id="http"),
        pytest.param("https://assistant.test", id="no path"),
        pytest.param("https://assistant.test/", id="a path that names nothing"),
        pytest.param("https://assistant.test/client.json#x", id="fragment"),
        pytest.param("https://user@assistant.test/client.json", id="user name"),
        pytest.param("https://assistant.test/a/../client.json", id="dots"),
        pytest.param("https://assistant.test/./client.json", id="dot"),
        pytest.param("https://assistant.test/%2e%2E/client.json", id="encoded dots"),
        pytest.param("https://assistant.test\\@evil.test/client.json", id="backslash"),
        pytest.param("https://Assistant.test/client.json", id="capitals"),
        pytest.param("https://assistant.test:0/client.json", id="port"),
        pytest.param("https:assistant.test/client.json", id="no authority"),
        pytest.param("https://assistant.test/" + "a" * 1000, id="long"),
    ],
)
@pytest.mark.shows(
    "Client ID Metadata Document §3 https-path",
    "Client ID Metadata Document §3 no-dots",
    "Client ID Metadata Document §3 no-fragment",
)
async def test_ss_07_other_forms_of_address_are_refused_and_nothing_is_fetched(
    world: RegisteringWorld, documents: Documents, client_id: str
) -> None:
    documents.put(a_document(client_id=client_id), url=client_id)

    assert is_page_400(await asks(world, client_id))
    assert documents.times == 0


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_document(client_id="https://assistant.test/oauth/other.json"), id="SS-05 another client"),
        pytest.param(a_document(client_id=CLIENT_ID + "/"), id="SS-05 nearly the same"),
        pytest.param(a_document(client_id=None), id="no client ID"),
        pytest.param(a_document(client_name=None), id="no name"),
        pytest.param(a_document(redirect_uris=None), id="no redirect URIs"),
        pytest.param(a_document(redirect_uris=["javascript:alert(1)"]), id="bad redirect URI"),
        pytest.param(a_document(client_secret="x"), id="a secret"),
        pytest.param(a_document(client_secret_expires_at=0), id="a secret's expiry"),
        pytest.param(a_document(token_endpoint_auth_method="client_secret_post"), id="a method with a secret"),
        pytest.param(a_document(token_endpoint_auth_method="private_key_jwt"), id="no keys"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"[" * 10_000, id="SS-06 deep"),
    ],
)
@pytest.mark.shows("Client ID Metadata Document §4.1 same-id", "Client ID Metadata Document §4.1 no-secret")
async def test_a_document_that_is_no_clients_is_refused_on_a_page(
    world: RegisteringWorld, documents: Documents, document: dict[str, object] | bytes
) -> None:
    documents.put(document)

    assert is_page_400(await asks(world))


@pytest.mark.parametrize("status", [201, 204, 301, 302, 304, 307, 404, 500])
@pytest.mark.shows("Client ID Metadata Document §4 fetched", "Client ID Metadata Document §4 no-redirects")
async def test_ss_04_only_200_counts(world: RegisteringWorld, documents: Documents, status: int) -> None:
    documents.put(status=status, location="https://evil.test/client.json")

    assert is_page_400(await asks(world))
    assert documents.times == 1


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "", "application/jsonp"])
async def test_only_json_counts(world: RegisteringWorld, documents: Documents, media_type: str) -> None:
    documents.put(media_type=media_type)

    assert is_page_400(await asks(world))


@pytest.mark.shows("Client ID Metadata Document §6.5 size")
async def test_ss_06_the_size_is_bounded_and_the_bound_can_be_set(
    tmp_path: Path, database_url: str, clock: FixedClock, documents: Documents
) -> None:
    documents.put(a_document(padding="x" * 20_000))
    given = {"client_id_metadata_documents": True}
    async with registering_world(tmp_path, database_url, clock, outbound=documents, **given) as world:
        refused_page = await asks(world)
        clock.pass_time(timedelta(minutes=11))
    async with registering_world(
        tmp_path, database_url, clock, outbound=documents, client_id_metadata_document_bytes=30_000, **given, fill=False
    ) as world:
        accepted = await asks(world)

    assert is_page_400(refused_page)
    assert is_sign_in(accepted)


@pytest.mark.shows("Client ID Metadata Document §4.3 caching")
async def test_a_document_is_fetched_again_when_its_server_says_so_within_bounds(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put(cache_control="max-age=600", etag='"1"')
    for _ in range(3):
        assert is_sign_in(await asks(world))
    first = documents.times
    clock.pass_time(timedelta(seconds=601))
    await asks(world)
    documents.put(cache_control="max-age=999999999")
    clock.pass_time(timedelta(seconds=601))
    await asks(world)
    third = documents.times
    clock.pass_time(timedelta(hours=25))
    await asks(world)

    assert (first, third, documents.times) == (1, 3, 4)
    assert documents.asked[1][1] == {"if-none-match": '"1"'}


@pytest.mark.shows("Client ID Metadata Document §4.3 caching")
async def test_ss_08_an_error_is_not_cached_as_good_and_the_next_try_works(
    world: RegisteringWorld, documents: Documents
) -> None:
    documents.put(status=500, cache_control="max-age=600")
    failed = await asks(world)
    documents.put()

    assert is_page_400(failed)
    assert is_sign_in(await asks(world))


async def test_c_10_a_document_that_keeps_failing_is_not_fetched_at_every_request(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    for _ in range(10):
        assert is_page_400(await asks(world))
    tried = documents.times
    documents.put()
    clock.pass_time(timedelta(seconds=6))

    assert tried == 3
    assert is_sign_in(await asks(world))


async def test_c_10_one_source_cannot_make_the_server_fetch_without_end(
    world: RegisteringWorld, documents: Documents
) -> None:
    for number in range(100):
        await asks(world, f"https://victim.test/{number}.json")

    assert documents.times == 61


@pytest.mark.shows("Client ID Metadata Document §4.2 redirect-uris")
async def test_only_redirect_uris_of_the_document_are_trusted(world: RegisteringWorld, documents: Documents) -> None:
    documents.put()

    assert is_page_400(await asks(world, redirect_uri=OTHER))


async def test_what_a_document_no_longer_says_ends_when_it_is_read_anew(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put(a_document(redirect_uris=["https://client.test/cb", OTHER]))
    before = await asks(world, redirect_uri=OTHER)
    documents.put()
    clock.pass_time(timedelta(hours=1))

    after = await asks(world, redirect_uri=OTHER)

    assert is_sign_in(before)
    assert is_page_400(after)


async def test_what_a_document_no_longer_says_ends_at_the_token_endpoint_too(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put()
    await asks(world)
    documents.put(a_document(token_endpoint_auth_method="private_key_jwt", jwks_uri="https://assistant.test/jwks"))
    clock.pass_time(timedelta(hours=1))

    with refused(ErrorCode.INVALID_CLIENT):
        await world.protocol.authenticate({"client_id": CLIENT_ID})


async def test_a_document_that_is_gone_ends_no_connection_and_after_a_while_nobody_connects_it_anew(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put()
    await asks(world)
    party = Party(await world.deeds.app_registry.get(OPERATOR, CLIENT_ID), None)
    tokens = await world.protocol.connect(party)
    documents.take_away()
    clock.pass_time(timedelta(hours=1))

    soon = await asks(world)
    clock.pass_time(GONE_AFTER)
    late = await asks(world)
    fresh = await world.protocol.refresh(party, tokens.refresh_token)

    assert is_sign_in(soon)
    assert is_page_400(late)
    await world.protocol.access(fresh.access_token)


async def test_a_document_that_turned_bad_lets_nobody_connect_from_then_on(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put()
    await asks(world)
    documents.put(a_document(client_id="https://evil.test/x"))
    clock.pass_time(timedelta(hours=1))

    assert is_page_400(await asks(world))


@pytest.mark.parametrize(
    "members",
    [
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": None},
    ],
)
async def test_c_11_a_client_that_prefers_a_key_and_can_do_without_is_accepted_without(
    world: RegisteringWorld, documents: Documents, members: dict[str, object]
) -> None:
    supported = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "none"]}
    documents.put(a_document(jwks_uri="https://assistant.test/jwks.json", **supported, **members))

    assert is_sign_in(await asks(world))
    client = await world.protocol.authenticate({"client_id": CLIENT_ID})
    assert client.app.metadata.jwks_uri == "https://assistant.test/jwks.json"


async def test_an_administrator_can_deactivate_it_and_the_document_does_not_change_that(
    world: RegisteringWorld, documents: Documents, clock: FixedClock
) -> None:
    documents.put()
    await asks(world)
    await world.deeds.app_registry.deactivate(OPERATOR, CLIENT_ID)
    documents.put(a_document(client_name="Renamed"))
    clock.pass_time(timedelta(hours=1))

    answer = await asks(world)

    assert is_page_400(answer)
    assert "deactivated" in answer.text
    assert (await world.deeds.app_registry.get(OPERATOR, CLIENT_ID)).name == "Renamed"


async def test_an_app_that_was_deleted_comes_back_without_its_connections(
    world: RegisteringWorld, documents: Documents
) -> None:
    documents.put()
    await asks(world)
    party = Party(await world.deeds.app_registry.get(OPERATOR, CLIENT_ID), None)
    tokens = await world.protocol.connect(party)
    await world.deeds.app_registry.delete(OPERATOR, CLIENT_ID, confirm_name=None)

    assert is_sign_in(await asks(world))
    assert await world.protocol.why_refused(tokens.access_token) is not None


async def test_only_hosts_that_are_allowed_vouch(
    tmp_path: Path, database_url: str, clock: FixedClock, documents: Documents
) -> None:
    documents.put()
    async with registering_world(
        tmp_path,
        database_url,
        clock,
        outbound=documents,
        client_id_metadata_documents=True,
        client_id_metadata_document_hosts=("claude.ai",),
    ) as world:
        assert is_page_400(await asks(world))
    assert documents.times == 0


@pytest.mark.shows("Client ID Metadata Document §5 metadata")
async def test_the_metadata_say_whether_documents_count(
    world: RegisteringWorld, tmp_path: Path, database_url: str, clock: FixedClock
) -> None:
    on = (await world.http.get("/.well-known/oauth-authorization-server")).json()
    async with registering_world(tmp_path, database_url, clock, fill=False) as other:
        off = (await other.http.get("/.well-known/oauth-authorization-server")).json()

    assert on["client_id_metadata_document_supported"] is True
    assert "none" in on["token_endpoint_auth_methods_supported"]
    assert "client_id_metadata_document_supported" not in off


async def test_without_the_switch_no_document_counts_and_none_that_once_did(
    world: RegisteringWorld, documents: Documents, tmp_path: Path, database_url: str, clock: FixedClock
) -> None:
    documents.put()
    await asks(world)
    fetched = documents.times
    async with registering_world(tmp_path, database_url, clock, outbound=documents, fill=False) as other:
        assert is_page_400(await asks(other))
    assert documents.times == fetched


async def test_the_first_request_of_a_client_may_be_at_the_token_endpoint(
    world: RegisteringWorld, documents: Documents
) -> None:
    documents.put()

    client = await world.protocol.authenticate({"client_id": CLIENT_ID})

    assert client.app.origin is AppOrigin.DOCUMENT


async def test_scopes_are_those_of_the_policy_whatever_the_document_says(
    world: RegisteringWorld, documents: Documents
) -> None:
    documents.put(a_document(scope="invoicing:read invoicing:write bogus:read"))
    await asks(world)
    party = Party(await world.deeds.app_registry.get(OPERATOR, CLIENT_ID), None)

    opened = await world.protocol.open_request(party, scope="invoicing:read invoicing:write bogus")

    assert str(opened.asked.scope) == "invoicing:read"
    with pytest.raises(UntrustedRequestError):
        await world.deeds.authorize.trust(query_of(party, redirect_uri=OTHER))
