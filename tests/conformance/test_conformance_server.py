"""The one command that makes a server ready for the OpenID Foundation's suite."""

import json
import stat
from typing import Any

import pytest

from conformance_server import ConformanceServer
from user_agent import forms_of

DECLINED = "fapi2-security-profile-final-user-rejects-authentication"
SEEN_TWICE = "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"

pytestmark = pytest.mark.parametrize("lend_database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server(conformance_server: ConformanceServer) -> ConformanceServer:
    return conformance_server


def configuration(server: ConformanceServer, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((server.folder / name).read_text("utf-8"))
    return read


def test_it_serves_https_and_is_found_where_the_suite_is_told(server: ConformanceServer) -> None:
    for name in ("oidc.json", "fapi2.json"):
        url = configuration(server, name)["server"]["discoveryUrl"]
        with server.http() as http:
            assert http.get(url).json()["issuer"] == server.issuer


def test_the_suite_is_told_the_clients_of_the_file(server: ConformanceServer) -> None:
    told = configuration(server, "oidc.json")

    for name, client in zip(("client", "client2"), server.clients, strict=True):
        assert told[name] == {"client_id": client.client_id, "client_secret": client.client_secret}


def test_private_keys_are_made_at_the_start_and_for_their_owner_to_read(server: ConformanceServer) -> None:
    told = configuration(server, "fapi2.json")

    assert all("d" in key for name in ("client", "client2") for key in told[name]["jwks"]["keys"])
    for name in ("fapi2.json", "tls.pem"):
        assert stat.S_IMODE((server.folder / name).stat().st_mode) == 0o600


def test_the_elements_that_the_suite_is_told_to_use_are_on_the_sign_in_page(server: ConformanceServer) -> None:
    tasks = {task["task"]: task for task in configuration(server, "oidc.json")["browser"][0]["tasks"]}
    ids = [command[2] for command in tasks["Sign in"]["commands"]]

    with server.http() as http:
        page = http.get("/sign-in").text

    assert ids == ["email", "password", "sign-in"]
    assert all(f'id="{one}"' in page for one in ids)
    assert any(form.action == "/sign-in" for form in forms_of(page))


def test_the_alias_is_that_of_the_redirect_uris(server: ConformanceServer) -> None:
    for name, alias in (("oidc.json", "consentry"), ("fapi2.json", "consentry-fapi2")):
        assert configuration(server, name)["alias"] == alias


def test_every_standard_claim_of_every_scope_is_known_of_the_person(server: ConformanceServer) -> None:
    claims = server.person["claims"]

    assert claims.keys() >= {
        *("family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "address", "phone_number"),
    }
    assert claims["address"].keys() >= {"street_address", "locality", "region", "postal_code", "country"}


def test_the_modules_that_want_a_picture_have_a_place_for_it(server: ConformanceServer) -> None:
    for name in ("oidc.json", "fapi2.json"):
        for module, told in configuration(server, name)["override"].items():
            if module in (SEEN_TWICE, DECLINED):
                continue
            commands = [
                command for entry in told["browser"] for task in entry["tasks"] for command in task.get("commands", [])
            ]
            places = [command[-1] for command in commands if str(command[-1]).startswith("update-image-placeholder")]
            assert len(places) == 1, module


def test_the_one_who_declines_is_another_person(server: ConformanceServer) -> None:
    told = configuration(server, "fapi2.json")
    [entry] = told["override"][DECLINED]["browser"]
    commands = [command for task in entry["tasks"] for command in task["commands"]]

    assert ["text", "id", "email", f"declines.{server.person['email']}", "optional"] in commands
    assert ["click", "id", "decline"] in commands
