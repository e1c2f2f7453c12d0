"""The metadata document over real HTTP. RFC 8414 §3."""

import httpx
import pytest

from live_server import Site

PATH = "/.well-known/oauth-authorization-server"


@pytest.mark.shows("RFC 8414 §2 endpoints", "RFC 8414 §6.2 tls", "RFC 8414 §3.1 get", "RFC 8414 §3.2 json")
def test_every_endpoint_of_the_metadata_answers(site: Site) -> None:
    answer = httpx.get(site.issuer + PATH)

    metadata = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert metadata["issuer"] == site.issuer
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for name, expected in (("authorization", 400), ("token", 405), ("revocation", 405), ("introspection", 405)):
        endpoint = metadata[f"{name}_endpoint"]
        assert endpoint.startswith(f"{site.issuer}/oauth/")
        assert httpx.get(endpoint).status_code == expected


@pytest.mark.shows("RFC 8414 §3.3 same-issuer", "RFC 9700 §4.13 headers")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.test;proto=https"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    ],
)
def test_in_14_no_header_changes_what_the_server_calls_itself(site: Site, headers: dict[str, str]) -> None:
    metadata = httpx.get(site.issuer + PATH, headers=headers)
    page = httpx.get(f"{site.issuer}/settings/apps", headers=headers)

    assert metadata.json()["issuer"] == site.issuer
    assert "evil" not in metadata.text
    assert page.headers["location"].startswith("/sign-in?")


@pytest.mark.shows("RFC 8414 §3.3 same-issuer")
@pytest.mark.parametrize("path", [f"{PATH}/x", f"{PATH}/", "/.well-known/other"])
def test_mc_07_no_other_issuer_has_metadata_here(site: Site, path: str) -> None:
    assert httpx.get(site.issuer + path).status_code == 404


def test_the_metadata_may_be_read_by_any_web_page(site: Site) -> None:
    answer = httpx.get(site.issuer + PATH, headers={"Origin": "https://app.test"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
