"""FAPI 2.0: the modules of the suite about client assertions, at the endpoint for pushed requests and at the other."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from client_keys import ClientKey, encoded
from fapi2_suite import Fapi2Client
from openid_suite import Browser

Clients = tuple[Fapi2Client, Fapi2Client]


BAD_CLAIMS: dict[str, Callable[[Fapi2Client], dict[str, Any]]] = {
    "without_sub": lambda _: {"sub": None},
    "wrong_sub": lambda _: {"sub": "somebody"},
    "without_iss": lambda _: {"iss": None},
    "wrong_iss": lambda _: {"iss": "somebody"},
    "without_aud": lambda _: {"aud": None},
    "unrelated_aud": lambda _: {"aud": "https://elsewhere.test"},
    "par_endpoint_as_aud": lambda one: {"aud": one.metadata["pushed_authorization_request_endpoint"]},
    "token_endpoint_as_aud": lambda one: {"aud": one.metadata["token_endpoint"]},
    "array_as_aud": lambda one: {"aud": [one.server.issuer, one.metadata["token_endpoint"]]},
    "array_of_the_issuer_as_aud": lambda one: {"aud": [one.server.issuer]},
    "exp_in_the_past": lambda _: {"exp": int(time.time()) - 300},
    "iat_and_nbf_over_60_seconds_in_the_future": lambda _: dict.fromkeys(("iat", "nbf"), int(time.time()) + 70),
}


@pytest.mark.shows(
    "FAPI 2.0 §5.3.2.1 aud", "FAPI 2.0 §5.3.2.1 skew", "RFC 7523 §3 iss", "RFC 7523 §3 sub", "RFC 7523 §3 exp"
)
@pytest.mark.parametrize("name", BAD_CLAIMS)
def test_tk_09_ensure_invalid_client_assertions_fail(client: Fapi2Client, name: str) -> None:
    answer = client.push(auth=client.asserts(**BAD_CLAIMS[name](client)))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    token = client.token({"grant_type": "client_credentials"}, auth=client.asserts(**BAD_CLAIMS[name](client)))
    assert (token.status_code, token.json()["error"]) == (401, "invalid_client")


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 skew")
def test_ensure_client_assertion_with_iat_and_nbf_8_seconds_in_the_future_is_accepted(client: Fapi2Client) -> None:
    ahead = int(time.time()) + 8

    assert client.push(auth=client.asserts(iat=ahead, nbf=ahead)).status_code == 201


@pytest.mark.shows("FAPI 2.0 §5.3.2.1 private-key-jwt", "FAPI 2.0 §5.3.2.2 pushed")
@pytest.mark.parametrize(
    ("left_out", "changes"),
    [
        pytest.param({"client_assertion", "client_assertion_type"}, {}, id="no_assertion"),
        pytest.param({"client_assertion_type"}, {}, id="type_missing"),
        pytest.param(set(), {"client_assertion_type": "urn:ietf:params:oauth:something"}, id="type_wrong"),
    ],
)
def test_ensure_client_assertion_is_there(client: Fapi2Client, left_out: set[str], changes: dict[str, str]) -> None:
    sent = {name: value for name, value in {**client.asserts(), **changes}.items() if name not in left_out}

    answer = client.push(auth=sent)

    expected = (400, "invalid_request") if left_out == {"client_assertion_type"} else (401, "invalid_client")
    assert (answer.status_code, answer.json()["error"]) == expected


@pytest.mark.shows("FAPI 2.0 §5.4.1 algorithms")
def test_ensure_signed_client_assertion_with_rs256_or_none_fails(client: Fapi2Client) -> None:
    sent = client.asserts()
    header, claims, signature = sent["client_assertion"].split(".")
    bad = {
        "none": f"{encoded({'alg': 'none'})}.{claims}.",
        "signature": f"{header}.{claims}.{'AAAA' if signature[:4] != 'AAAA' else 'BBBB'}{signature[4:]}",
        "rs256": client.asserts(key=ClientKey("RS256", client.key.kid))["client_assertion"],
    }

    for one in bad.values():
        answer = client.push(auth=sent | {"client_assertion": one})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_assertion_is_good_once(client: Fapi2Client) -> None:
    """RFC 7523 §3: the jti."""
    once = client.asserts()

    assert client.push(auth=once).status_code == 201
    assert client.push(auth=once).json()["error"] == "invalid_client"


def test_ensure_client_assertion_in_token_endpoint(client: Fapi2Client, browser: Browser) -> None:
    answer = client.redeem(client.approved(browser), auth={"client_id": client.client_id})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_ensure_client_id_in_token_endpoint(clients: Clients, browser: Browser) -> None:
    """The second client's ID, in an assertion with the first one's signature."""
    first, second = clients
    forged = second.asserts(key=first.key)

    answer = first.redeem(first.approved(browser), auth=forged | {"client_id": second.client_id})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
