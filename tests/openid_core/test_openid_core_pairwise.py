"""Subjects that differ from sector to sector. OpenID Connect Core 1.0 §8."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from consentry.flows.sector_documents import SectorDocuments
from consentry.model.app import App, AppOrigin, AppStatus, AppType
from consentry.model.ids import AppId, ClientId, OrganisationId, SessionId, UserId
from consentry.model.sector import find_sector, session_for, subject_for
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.scope import Scope
from consentry.ports.outbound import FetchedDocument, OutboundError
from id_token_reader import read_id_token
from live_server import Site
from user_agent import connect, introspect

KEY, OTHER_KEY = bytes(32), bytes(31) + b"1"
ANA, BEA = UserId("usr_ana"), UserId("usr_bea")
AT = datetime(2026, 11, 24, tzinfo=UTC)
LIST = "https://sector.test/list.json"


def an_app(*redirect_uris: str, name: str = "one", origin: AppOrigin = AppOrigin.REGISTERED, **metadata: Any) -> App:
    return App(
        AppId(f"app_{name}"),
        ClientId(name),
        OrganisationId("org_1"),
        name,
        AppType.CONFIDENTIAL,
        redirect_uris or ("https://client.test/cb",),
        Scope(),
        Scope(),
        require_pkce=True,
        status=AppStatus.ACTIVE,
        created_by=None,
        created_at=AT,
        updated_at=AT,
        metadata=ClientMetadata(**{"subject_type": "pairwise", **metadata}),
        origin=origin,
    )


def test_a_public_subject_is_the_users_identifier() -> None:
    assert subject_for(an_app(subject_type="public"), ANA, KEY) == ANA


@pytest.mark.shows("OpenID Connect Core §8.1 pairwise")
def test_a_pairwise_subject_is_stable_and_tells_nothing() -> None:
    """OpenID Connect Core §8.1."""
    app = an_app()

    subject = subject_for(app, ANA, KEY)

    assert subject == subject_for(app, ANA, KEY)
    assert ANA not in subject
    assert subject.isascii()
    assert len(subject) < 255
    assert subject != subject_for(app, BEA, KEY)
    assert subject != subject_for(app, ANA, OTHER_KEY)


@pytest.mark.shows("OpenID Connect Core §8.1 pairwise")
def test_apps_of_one_sector_see_one_subject_and_others_another() -> None:
    """OpenID Connect Core §8.1."""
    here, beside = an_app("https://client.test/a"), an_app("https://client.test/b", name="two")
    elsewhere = an_app("https://other.test/a", name="three")

    assert subject_for(here, ANA, KEY) == subject_for(beside, ANA, KEY)
    assert subject_for(here, ANA, KEY) != subject_for(elsewhere, ANA, KEY)
    listed = an_app(
        "https://a.test/cb", "https://b.test/cb", name="four", sector_identifier_uri="https://client.test/x"
    )
    assert subject_for(here, ANA, KEY) == subject_for(listed, ANA, KEY)


def test_a_sector_of_which_nobody_is_sure_is_the_apps_own() -> None:
    native, other = (an_app("http://127.0.0.1/cb", name=name) for name in ("five", "six"))
    document = an_app(origin=AppOrigin.DOCUMENT, name="seven")

    subjects = {subject_for(app, ANA, KEY) for app in (native, other, document, an_app())}

    assert len(subjects) == 4


def test_sessions_of_pairwise_apps_cannot_be_compared() -> None:
    session = SessionId("session")
    one, two = an_app(), an_app(name="two")

    assert session_for(an_app(subject_type="public"), session, KEY) == session
    assert len({session, session_for(one, session, KEY), session_for(two, session, KEY)}) == 3
    assert session_for(one, session, KEY) != subject_for(one, UserId(session), KEY)


@pytest.mark.parametrize(
    ("uris", "sector"),
    [
        (("https://a.test/1", "https://a.test:444/2"), "a.test"),
        (("https://a.test/1", "https://b.test/2"), None),
        (("https://a.test/1", "http://localhost/2"), "a.test"),
        (("com.example.app:/cb",), None),
        ((), None),
    ],
)
def test_the_sector_is_the_one_host_of_the_redirect_uris(uris: tuple[str, ...], sector: str | None) -> None:
    assert find_sector(ClientMetadata(), uris) == sector


class OneAnswer:
    """Stands for the network: every address answers this."""

    def __init__(self, answer: FetchedDocument | OutboundError) -> None:
        self._answer = answer

    async def fetch(
        self, url: str, *, accept: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> FetchedDocument:
        assert (url, accept, headers) == (LIST, "application/json", None)
        assert most_bytes > 0
        if isinstance(self._answer, OutboundError):
            raise self._answer
        return self._answer

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        raise AssertionError((url, form))


URIS = ("https://a.test/cb", "https://b.test/cb")


@pytest.mark.shows("OpenID Connect Core §8.1 sector")
async def test_a_document_that_lists_every_redirect_uri_makes_a_sector() -> None:
    """OpenID Connect Core §8.1; Dynamic Client Registration §5."""
    outbound = OneAnswer(FetchedDocument(200, json.dumps([*URIS, "https://c.test/cb"]).encode()))
    metadata = ClientMetadata(sector_identifier_uri=LIST)

    assert await SectorDocuments(outbound).find_fault(metadata, URIS) is None
    assert await SectorDocuments(outbound).find_fault(ClientMetadata(), URIS) is None


@pytest.mark.parametrize(
    "answer",
    [
        FetchedDocument(200, b'["https://a.test/cb"]'),
        FetchedDocument(200, b'{"redirect_uris": ["https://a.test/cb", "https://b.test/cb"]}'),
        FetchedDocument(200, b"not json"),
        FetchedDocument(200, b"[" * 60_000),
        FetchedDocument(404, b'["https://a.test/cb", "https://b.test/cb"]'),
        OutboundError("It is not public."),
    ],
)
async def test_any_other_document_makes_none(answer: FetchedDocument | OutboundError) -> None:
    fault = await SectorDocuments(OneAnswer(answer)).find_fault(ClientMetadata(sector_identifier_uri=LIST), URIS)

    assert fault is not None
    assert fault.field == "sector_identifier_uri"


def test_an_app_is_told_one_subject_everywhere_and_the_products_api_the_real_one(site: Site) -> None:
    app = site.add_app(required=("openid", "invoicing:read"), optional=(), metadata={"subject_type": "pairwise"})
    tokens = connect(site, app, site.ana, scope="openid invoicing:read")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    in_id_token = read_id_token(site, tokens["id_token"])[1]
    at_user_info = httpx.get(f"{site.issuer}/oauth/userinfo", headers=bearer).json()
    at_introspection = introspect(site, app, tokens["access_token"]).json()
    to_the_api = introspect(site, site.resource, tokens["access_token"]).json()

    assert in_id_token["sub"] == at_user_info["sub"] == at_introspection["sub"] != site.ana.id
    assert to_the_api["sub"] == site.ana.id
