"""The public references: what they say is what the code and the catalog say, and refusals lead there."""

import json
import re
from typing import Any

import httpx
import pytest

from consentry.catalog_reference import catalog_markdown, catalog_object, openapi_scheme, read_catalog_object
from consentry.error_reference import error_reference_markdown
from consentry.model.access import Reason
from consentry.model.api_key import KeyDraft, KeyOwner
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.identity_scopes import with_identity_scopes
from consentry.model.refusal_guide import EXPLANATIONS, documentation_url
from live_server import OPERATOR, Person, Site
from small_world import SMALL_CATALOG
from user_agent import connect

PIPED = SMALL_CATALOG.replace('title = "See your invoices"', 'title = "See | read <b>your</b> invoices"')


def ids_of(page: str) -> set[str]:
    return set(re.findall(r'\sid="([^"]+)"', page))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/docs/errors", "text/html; charset=utf-8"),
        ("/docs/errors.md", "text/markdown; charset=utf-8"),
        ("/docs/scopes", "text/html; charset=utf-8"),
        ("/docs/scopes.md", "text/markdown; charset=utf-8"),
        ("/docs/scopes.json", "application/json"),
    ],
)
def test_anybody_may_read_a_reference(site: Site, path: str, kind: str) -> None:
    answer = httpx.get(site.issuer + path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_every_code_has_an_anchor_and_nothing_of_the_table_is_left_out(site: Site) -> None:
    page, markdown = httpx.get(f"{site.issuer}/docs/errors").text, httpx.get(f"{site.issuer}/docs/errors.md").text

    assert {*EXPLANATIONS, *Reason} <= ids_of(page)
    assert markdown == error_reference_markdown()
    assert all(f"| `{code}` | {one.status} |" in markdown for code, one in EXPLANATIONS.items())


def test_a_call_that_the_management_api_refuses_is_led_to_its_explanation(site: Site) -> None:
    api = f"{site.issuer}/api/v1"
    reader = site.add_person("reader")
    token = key_of(site, reader)

    answers = [
        httpx.get(f"{api}/apps"),
        httpx.get(f"{api}/apps", headers={"Authorization": "Bearer nonsense"}),
        httpx.get(f"{api}/apps", headers={"Authorization": "Bearer a b"}),
        httpx.get(f"{api}/apps", headers={"Authorization": f"Bearer {token}"}),
        httpx.get(f"{api}/nowhere"),
        httpx.put(f"{api}/apps"),
    ]

    anchors = ids_of(httpx.get(f"{site.issuer}/docs/errors").text)
    for answer, expected in zip(answers, (401, 401, 400, 403, 404, 405), strict=True):
        body = answer.json()
        assert answer.status_code == expected
        assert body["documentation"] == documentation_url(site.issuer, body["code"])
        assert body["documentation"].partition("#")[2] in anchors
        assert EXPLANATIONS[body["code"]].status == expected
        assert body["detail"]


def key_of(site: Site, person: Person) -> str:
    draft = KeyDraft("Reading", ("invoice.read",), None, ())
    return site.run(site.deeds.api_keys.create(OPERATOR, draft, KeyOwner(site.home, person.id))).text.reveal()


def test_the_metadata_leads_to_the_reference(site: Site) -> None:
    metadata = httpx.get(f"{site.issuer}/.well-known/oauth-authorization-server").json()

    assert metadata["service_documentation"] == f"{site.issuer}/docs/scopes"
    assert httpx.get(metadata["service_documentation"]).status_code == 200


def test_the_management_api_documents_how_an_app_gets_its_token(site: Site) -> None:
    document = httpx.get(f"{site.issuer}/api/v1/openapi.json").json()

    scheme = document["components"]["securitySchemes"]["OAuth2"]
    assert scheme == openapi_scheme(with_identity_scopes(parse_catalog(SMALL_CATALOG)), site.issuer)
    assert document["paths"]["/me/access"]["get"]["security"] == [{"Bearer": []}, {"OAuth2": []}]


def test_every_scope_and_permission_of_the_catalog_is_listed_with_what_it_reaches(site: Site, catalog: Catalog) -> None:
    page, markdown = httpx.get(f"{site.issuer}/docs/scopes").text, httpx.get(f"{site.issuer}/docs/scopes.md").text

    for name in (*catalog.scopes, *catalog.permissions):
        assert f"<code>{name}</code>" in page
        assert f"| `{name}` |" in markdown
    assert (
        "| `invoicing:write` | Create, edit and send your invoices | `invoice.read`, `invoice.write`, `invoice.send` | "
        "`invoicing:read` |" in markdown
    )
    assert "| `payment_instruction.write` | Change where money is paid | never: sensitive |" in markdown
    assert "| `invoice.read` | See invoices | `invoicing:read`, `invoicing:write` |" in markdown


def test_roles_are_nowhere_in_the_reference(site: Site, catalog: Catalog) -> None:
    for path in ("/docs/scopes", "/docs/scopes.md", "/docs/scopes.json"):
        text = httpx.get(site.issuer + path).text
        assert not [role for role in catalog.roles.values() if role.name in text or role.title in text]


def test_programs_read_the_same_catalog_without_its_roles(catalog: Catalog) -> None:
    read = read_catalog_object(json.loads(json.dumps(catalog_object(catalog))))

    assert dict(read.permissions) == dict(catalog.permissions)
    assert dict(read.scopes) == dict(catalog.scopes)
    assert dict(read.roles) == {}


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        {},
        {"permissions": [], "scopes": None},
        {"permissions": [{}], "scopes": []},
        {"permissions": [], "scopes": [{"name": "a:read", "title": "", "implies": [], "permissions": ["a.read"]}]},
    ],
)
def test_what_is_no_catalog_is_not_taken_for_one(found: Any) -> None:
    with pytest.raises(ValueError, match="no reference"):
        read_catalog_object(found)


def test_a_bar_in_a_title_stays_inside_its_cell() -> None:
    markdown = catalog_markdown(parse_catalog(PIPED), "Acme\n# Books")

    assert r"| `invoicing:read` | See \| read <b>your</b> invoices |" in markdown
    assert markdown.startswith("# Scopes and permissions of Acme # Books\n")


def test_an_app_learns_what_the_user_lacks_of_what_was_approved_and_nothing_else_about_the_user(site: Site) -> None:
    bo = site.add_person("bookkeeper")
    token = connect(site, site.add_app(), bo)["access_token"]
    site.set_role(bo, "owner")
    site.run(site.deeds.people.members.set(OPERATOR, site.home, bo.id, ["owner"], ["client.read", "invoice.send"]))

    answer = httpx.get(f"{site.issuer}/api/v1/me/access", headers={"Authorization": f"Bearer {token}"})

    told = answer.json()
    assert (told["approved"], told["permissions"]) == (["client.read", "invoice.read"], ["client.read"])
    assert [(one["permission"], one["reason"]) for one in told["missing"]] == [
        ("invoice.read", "user_lacks_permission")
    ]
    assert told["missing"][0]["documentation"] == f"{site.issuer}/docs/errors#user_lacks_permission"
    for other in ("owner", "Owner", "invoice.send", "Custom"):
        assert other not in answer.text
