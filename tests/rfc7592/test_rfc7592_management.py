"""A program manages what it registered. RFC 7592; threats TN-06, OP-03."""

from typing import Any

import pytest

from consentry.oauth.errors import ErrorCode
from protocol_world import refused
from registering_world import CLIENT_CALLBACK, RegisteringWorld, a_registration

OWN = {"token_endpoint_auth_method": "client_secret_post"}


@pytest.fixture
async def told(world: RegisteringWorld) -> dict[str, Any]:
    """What a confidential client was told."""
    return await world.registered(**OWN)


def an_update(told: dict[str, Any], **changes: object) -> dict[str, object]:
    return {**a_registration(**OWN), "client_id": told["client_id"], **changes}


@pytest.mark.shows("RFC 7592 §2.1 read", "RFC 7592 §3 members")
async def test_reading_tells_all_that_is_registered(world: RegisteringWorld, told: dict[str, Any]) -> None:
    answer = await world.manage("GET", told)

    secret = {"client_secret", "client_secret_expires_at"}
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {name: value for name, value in told.items() if name not in secret}


@pytest.mark.shows("RFC 7592 §2.2 replaces", "RFC 7592 §2.2 not-server-members", "RFC 7592 §2.2 same-secret")
async def test_an_update_replaces_all_and_gives_a_new_token(world: RegisteringWorld, told: dict[str, Any]) -> None:
    named = await world.manage("PUT", told, an_update(told, client_uri="https://client.test"))
    before = named.json()
    update = an_update(
        told,
        client_name="Renamed",
        client_secret=told["client_secret"],
        registration_access_token="chosen",
        client_id_issued_at=1,
    )
    after = await world.manage("PUT", before, update)
    stale = await world.manage("GET", before)

    assert named.status_code == after.status_code == 200
    assert before["client_uri"] == "https://client.test"
    assert after.json()["client_name"] == "Renamed"
    assert "client_uri" not in after.json()
    assert after.json()["client_id_issued_at"] == told["client_id_issued_at"]
    assert after.json()["registration_access_token"] not in {before["registration_access_token"], "chosen"}
    assert stale.status_code == 401
    assert (await world.manage("GET", after.json())).json()["client_name"] == "Renamed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": "another"}, "invalid_client_metadata", id="another client"),
        pytest.param({"client_id": None}, "invalid_client_metadata", id="no client"),
        pytest.param({"client_secret": "chosen"}, "invalid_client_metadata", id="a secret of its own choice"),
        pytest.param({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri", id="TN-06"),
        pytest.param({"redirect_uris": ["http://client.test/cb"]}, "invalid_redirect_uri", id="TN-06 http"),
        pytest.param({"token_endpoint_auth_method": "none"}, "invalid_client_metadata", id="another kind"),
    ],
)
@pytest.mark.shows("RFC 7592 §2.2 same-client", "RFC 7592 §2.2 same-secret")
async def test_an_update_is_judged_as_a_registration_is(
    world: RegisteringWorld, told: dict[str, Any], changes: dict[str, object], code: str
) -> None:
    answer = await world.manage("PUT", told, an_update(told, **changes))

    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert (await world.manage("GET", told)).json()["redirect_uris"] == [CLIENT_CALLBACK]


@pytest.mark.shows("RFC 7592 §2.3 deleted", "RFC 7592 §2 gone")
async def test_deleting_ends_the_client_its_secret_and_its_token(world: RegisteringWorld, told: dict[str, Any]) -> None:
    answer = await world.manage("DELETE", told)

    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PUT", "DELETE"):
        body = an_update(told) if method == "PUT" else None
        assert (await world.manage(method, told, body)).status_code == 401
    with refused(ErrorCode.INVALID_CLIENT):
        await world.protocol.authenticate({"client_id": told["client_id"], "client_secret": told["client_secret"]})


@pytest.mark.shows("RFC 7592 §2 authenticated", "RFC 7592 §2 own-only")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_another_clients_token_a_wrong_one_and_none_are_answered_alike(
    world: RegisteringWorld, told: dict[str, Any], method: str
) -> None:
    other = await world.registered(**OWN)
    uri = told["registration_client_uri"]
    gone = {"registration_client_uri": uri.replace(told["client_id"], "app_" + "0" * 22)}
    token = told["registration_access_token"]
    answers = [
        await world.manage(method, told, an_update(told), token=other["registration_access_token"]),
        await world.manage(method, told, an_update(told), token=token[:-1] + ("a" if token[-1] != "a" else "b")),
        await world.manage(method, told, an_update(told), token=told["client_secret"]),
        await world.manage(method, gone, an_update(told), token=token),
        await world.manage(method, {"registration_client_uri": "/oauth/register"}, an_update(told), token=token),
        await world.http.request(method, uri, headers={"content-type": "application/json"}, content=b"{}"),
    ]

    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    assert all(one.headers["www-authenticate"].startswith("Bearer ") for one in answers)


async def test_a_shared_registration_has_nobody_who_could_change_it(world: RegisteringWorld) -> None:
    shared = await world.registered()
    other = await world.registered(**OWN)
    uri = f"/oauth/register?client_id={shared['client_id']}"

    answer = await world.manage("DELETE", {"registration_client_uri": uri}, token=other["registration_access_token"])

    assert answer.status_code == 401


async def test_an_administrators_app_cannot_be_managed_so(world: RegisteringWorld, told: dict[str, Any]) -> None:
    uri = f"/oauth/register?client_id={world.protocol.web.app.client_id}"

    answer = await world.manage("GET", {"registration_client_uri": uri}, token=told["registration_access_token"])

    assert answer.status_code == 401


@pytest.mark.shows("RFC 7592 §5 digest")
async def test_op_03_only_the_digest_of_the_token_is_stored(world: RegisteringWorld, told: dict[str, Any]) -> None:
    rows = await world.protocol.rows("SELECT registration_digest FROM apps WHERE client_id = $1", told["client_id"])

    assert len(rows[0][0]) == 32
    assert rows[0][0] not in told["registration_access_token"].encode()


@pytest.mark.shows("RFC 7592 §2.2 null")
async def test_a_null_in_an_update_is_as_good_as_leaving_the_member_out(
    world: RegisteringWorld, told: dict[str, Any]
) -> None:
    named = (await world.manage("PUT", told, an_update(told, client_uri="https://client.test"))).json()

    after = await world.manage("PUT", named, an_update(told, client_uri=None, logo_uri=None))

    assert after.status_code == 200
    assert "client_uri" not in after.json()


@pytest.mark.shows("RFC 7592 §2.2 null")
async def test_a_member_that_is_null_is_taken_for_one_left_out(world: RegisteringWorld, told: dict[str, Any]) -> None:
    named = (await world.manage("PUT", told, an_update(told, client_uri="https://client.test"))).json()

    after = await world.manage("PUT", named, an_update(named, client_uri=None))

    assert after.status_code == 200
    assert "client_uri" not in after.json()
