"""The document in which clients of OpenID Connect find everything. OpenID Connect Discovery 1.0."""

from pathlib import Path

import httpx
import pytest

from consentry.oauth.openid_metadata import openid_configuration_paths, openid_metadata
from consentry.web.main import app_over
from consentry.wiring import open_deeds
from live_server import Site
from protocol_world import settings_for

PATH = "/.well-known/openid-configuration"


@pytest.mark.shows(
    "OpenID Connect Discovery §3 required",
    "OpenID Connect Discovery §3 issuer",
    "OpenID Connect Discovery §3 userinfo",
    "OpenID Connect Discovery §3 rs256",
    "OpenID Connect Discovery §3 no-none-key",
    "OpenID Connect Discovery §4.1 get",
    "OpenID Connect Discovery §4.2 json",
    "OpenID Connect Discovery §4.3 same-issuer",
)
def test_the_document_has_what_clients_need(site: Site) -> None:
    """OpenID Connect Discovery §3 and §4."""
    answer = httpx.get(site.issuer + PATH)

    document = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert document["issuer"] == site.issuer
    assert document["authorization_endpoint"] == f"{site.issuer}/oauth/authorize"
    assert document["token_endpoint"] == f"{site.issuer}/oauth/token"
    assert document["userinfo_endpoint"] == f"{site.issuer}/oauth/userinfo"
    assert document["jwks_uri"] == f"{site.issuer}/oauth/jwks"
    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["public", "pairwise"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["token_endpoint_auth_signing_alg_values_supported"]
    assert {"openid", "profile", "email", "address", "phone", "offline_access"} <= set(document["scopes_supported"])
    assert all(value not in ([], None, "") for value in document.values())


def test_c_04_it_is_the_same_document_as_that_of_oauth(site: Site) -> None:
    """MCP C-04: a client that finds either finds everything, and what both specifications share is equal."""
    of_oauth = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server")

    assert httpx.get(site.issuer + PATH).content == of_oauth.content


def test_every_endpoint_that_is_named_is_there(site: Site) -> None:
    document = httpx.get(site.issuer + PATH).json()

    for name in ("userinfo_endpoint", "jwks_uri", "token_endpoint"):
        assert httpx.get(document[name]).status_code in {200, 401, 405}, name


def test_what_is_not_supported_is_said_to_be_so() -> None:
    """OpenID Connect Discovery §3: request_uri_parameter_supported counts as true where it is left out."""
    members = openid_metadata("https://login.test")

    assert members["request_uri_parameter_supported"] is False
    assert members["request_parameter_supported"] is False
    assert members["claims_parameter_supported"] is True


@pytest.mark.shows("OpenID Connect Discovery §4 path")
@pytest.mark.parametrize(
    ("issuer", "paths"),
    [
        ("https://login.test", [PATH]),
        ("https://login.test/a/b", [PATH, f"{PATH}/a/b"]),
    ],
)
def test_the_document_is_under_the_issuer(issuer: str, paths: list[str]) -> None:
    """OpenID Connect Discovery §4, and RFC 8414 §5 for clients that put the path behind."""
    assert list(openid_configuration_paths(issuer)) == paths


async def test_c_04_switched_off_it_is_not_there_at_all(database_path: Path) -> None:
    """MCP C-04: complete, or 404."""
    deeds = open_deeds(settings_for(database_path, openid_connect=False, issuer="http://localhost:8400"))
    transport = httpx.ASGITransport(app_over(deeds))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8400") as client:
        document = (await client.get("/.well-known/oauth-authorization-server")).json()
        statuses = [(await client.get(path)).status_code for path in (PATH, "/oauth/userinfo")]
        keys = (await client.get("/oauth/jwks")).json()["keys"]
    await deeds.database.close()

    assert statuses == [404, 404]
    assert not {"userinfo_endpoint", "subject_types_supported"} & document.keys()
    assert "openid" not in document["scopes_supported"]
    assert [key["alg"] for key in keys] == ["ES256"]
