"""The clients that people use, as they are known to come: each registers, or is known by its document, and connects.

What each sends stands in `clients/`, one file a client, dated; it will change, and the files with it. Rows C-10 to
C-14, C-20, C-22 to C-26 and the table of clients.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from documents_of_others import Documents
from live_server import OPERATOR, RegisteredClient, Site, people, serve_site
from small_world import SMALL_CATALOG
from user_agent import STATE, UserAgent, authorize_url, connect, exchange, query_of, refresh

FILES = sorted((Path(__file__).parent / "clients").glob("*.json"))
RESOURCE = "https://mcp.books.test"
ASKED = "invoicing:read"


@dataclass(frozen=True, slots=True)
class OpenSite:
    """A server that every program may come to, and the documents that stand on the network."""

    site: Site
    documents: Documents

    def register(self, members: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{self.site.issuer}/oauth/register", json=members)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def come_to_know(self, fixture: dict[str, Any]) -> RegisteredClient:
        """Let the client register, or put its document where it says."""
        uri = fixture["redirect_uri"]
        if "registration" in fixture:
            told = self.register(fixture["registration"])
            assert told["redirect_uris"] == fixture["registration"]["redirect_uris"]
            assert None not in told.values()
            return RegisteredClient(told["client_id"], told.get("client_secret"), uri)
        if "document" in fixture:
            document = fixture["document"]
            self.documents.put(document, url=document["client_id"])
            return RegisteredClient(document["client_id"], None, uri)
        uris = tuple(fixture["beforehand"]["redirect_uris"])
        return self.site.add_app(name=fixture["client"], redirect_uris=uris, required=(ASKED,), optional=())

    def scope_of(self, fixture: dict[str, Any]) -> str | None:
        metadata = httpx.get(f"{self.site.issuer}/.well-known/oauth-authorization-server").json()
        scopes = {
            None: None,
            "asked": ASKED,
            "asked and claudeai": f"{ASKED} claudeai",
            "asked and offline_access": f"{ASKED} offline_access",
            "all": " ".join(metadata["scopes_supported"]),
        }
        return scopes[fixture["scope"]]


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    documents = Documents()
    settings = {
        "CONSENTRY_DYNAMIC_REGISTRATION": "open",
        "CONSENTRY_CLIENT_ID_METADATA_DOCUMENTS": "true",
        "CONSENTRY_DYNAMIC_REGISTRATION_SCOPES": "invoicing:read,invoicing:write,contacts:read,openid,email",
    }
    folder = tmp_path_factory.mktemp("site")
    with serve_site(module_database_url, folder, SMALL_CATALOG, settings=settings, outbound=documents) as served:
        people(served)
        served.add_resource("Books for assistants", RESOURCE)
        yield OpenSite(served, documents)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.shows("RFC 7591 §5 unverified-shown", "Client ID Metadata Document §6.6 host-shown")
def test_each_client_connects_as_it_does(world: OpenSite, file: Path) -> None:
    fixture = json.loads(file.read_text("utf-8"))
    client = world.come_to_know(fixture)
    resource = {"exact": RESOURCE, "slashed": f"{RESOURCE}/", None: None}[fixture["resource"]]
    url = authorize_url(world.site.issuer, client, scope=world.scope_of(fixture), resource=resource)

    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        page = agent.open_consent(url)
        answer = agent.answer(page)
    told = query_of(answer.headers["location"])
    tokens = exchange(world.site, client, told["code"], **({} if resource is None else {"resource": resource}))

    assert answer.headers["location"].startswith(fixture["redirect_uri"])
    assert (told["iss"], told["state"]) == (world.site.issuer, STATE)
    assert tokens.status_code == 200, tokens.text
    assert ASKED in tokens.json()["scope"].split()
    assert refresh(world.site, client, tokens.json()["refresh_token"]).status_code == 200
    assert "Unverified" in page.text
    if "document" in fixture:
        assert f'Vouched for by <strong class="host">{httpx.URL(client.client_id).host}</strong>' in page.text
    elif "registration" in fixture:
        assert "Registered itself on" in page.text


def test_every_client_of_the_table_has_a_file() -> None:
    names = {file.stem.partition("-by-")[0] for file in FILES}

    assert names == {
        "chatgpt",
        "claude",
        "claude-code",
        "codex-cli",
        "copilot-cli",
        "cursor",
        "opencode",
        "perplexity",
        "vs-code",
        "zed",
    }


def test_chatgpt_reads_the_address_of_the_user_for_its_rules_about_domains(world: OpenSite) -> None:
    fixture = json.loads((FILES[0].parent / "chatgpt-by-stable-document.json").read_text("utf-8"))
    client = world.come_to_know(fixture)
    site = world.site

    tokens = connect(site, client, site.ana, scope=f"openid email {ASKED}", resource=None)
    told = httpx.get(
        f"{site.issuer}/oauth/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()

    assert told["email"] == site.ana.email
    assert "email_verified" in told


def test_c_12_a_client_that_registers_at_every_connection_is_one_app(world: OpenSite) -> None:
    fixture = json.loads((FILES[0].parent / "claude-by-registration.json").read_text("utf-8"))

    assert world.register(fixture["registration"]) == world.register(fixture["registration"])


def test_c_14_a_deleted_client_is_told_so_and_registers_anew(world: OpenSite) -> None:
    members = {"client_name": "Short", "redirect_uris": ["https://short.test/cb"], "token_endpoint_auth_method": "none"}
    told = world.register(members)
    client = RegisteredClient(told["client_id"], None, "https://short.test/cb")
    site = world.site
    site.run(site.deeds.app_registry.delete(OPERATOR, client.client_id, confirm_name=None))

    token = refresh(site, client, "cst_rt_x")
    with UserAgent(site) as agent:
        page = agent.get(authorize_url(site.issuer, client))
    world.register(members)
    with UserAgent(site) as agent:
        again = agent.approve(client, scope=None) if agent.sign_in(site.ana) else {}

    assert (token.status_code, token.json()["error"]) == (401, "invalid_client")
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert "<html" in page.text
    assert again["code"]


def test_c_26_consent_is_shown_every_time_to_what_proves_nothing(world: OpenSite) -> None:
    fixture = json.loads((FILES[0].parent / "claude-by-document.json").read_text("utf-8"))
    client = world.come_to_know(fixture)
    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        agent.approve(client, scope=ASKED)
        page = agent.open_consent(authorize_url(world.site.issuer, client, scope=ASKED))
        silent = agent.get(authorize_url(world.site.issuer, client, scope=ASKED, prompt="none"))

    assert "Vouched for by" in page.text
    assert query_of(silent.headers["location"])["error"] == "consent_required"


def test_mc_05_consent_to_one_client_is_none_to_another_with_the_same_name(world: OpenSite) -> None:
    first = {"client_name": "Twin", "redirect_uris": ["https://one.test/cb"]}
    other = {"client_name": "Twin", "redirect_uris": ["https://two.test/cb"]}
    with UserAgent(world.site) as agent:
        agent.sign_in(world.site.ana)
        for members in (first, other):
            told = world.register(members)
            client = RegisteredClient(told["client_id"], told["client_secret"], members["redirect_uris"][0])
            page = agent.open_consent(authorize_url(world.site.issuer, client, scope=ASKED))
            assert "Registered itself on" in page.text
            agent.answer(page)
