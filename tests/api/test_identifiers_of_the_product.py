"""A product's own identifiers in the management API: whatever text they are, they name one user, and nobody else."""

from urllib.parse import quote

import httpx
import pytest
from people_client import Organisation, make_organisation

from app_builders import writing
from consentry.storage.database import Statement
from consentry.wiring import Deeds

IDENTIFIERS = [
    pytest.param("auth0|1", id="pipe"),
    pytest.param("user@example.com", id="address"),
    pytest.param("acme/people/7", id="slashes"),
    pytest.param("usr_1/claims", id="ends-like-a-route"),
    pytest.param("a/members/b", id="a-route-inside"),
    pytest.param("a%2Fb", id="percent"),
    pytest.param("x?y#z&v=1+2;3", id="delimiters"),
    pytest.param("José 李", id="not-ascii"),
    pytest.param("i" * 255, id="longest"),
]
HOSTILE = [
    pytest.param("auth0|1\0", id="nul"),
    pytest.param("auth0|1\n", id="line-end"),
    pytest.param("auth0|1\x7f", id="delete"),
    pytest.param("auth0|1\x85", id="next-line"),
    pytest.param("auth0|1\u202e", id="right-to-left"),
    pytest.param("auth0\ufdd01", id="noncharacter"),
    pytest.param("i" * 256, id="too-long"),
]


@pytest.fixture
async def deeds(empty_deeds: Deeds) -> Deeds:
    return empty_deeds


@pytest.fixture
async def organisation(deeds: Deeds, identifier: str) -> Organisation:
    """One that the product named, with a user whom it named too."""
    made = await make_organisation(deeds, "Acme Books")
    await deeds.database.write(
        writing,
        Statement(
            "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, 'eve@a.test', 'Eve', 'active', 1)",
            (identifier,),
        ),
        Statement(
            "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, 'Own', 'active', 1)", (identifier,)
        ),
    )
    return made


@pytest.mark.parametrize("identifier", IDENTIFIERS)
async def test_it_names_its_user_and_organisation_in_a_path(
    by_operator: httpx.AsyncClient, organisation: Organisation, identifier: str
) -> None:
    named = quote(identifier, safe="")
    member = f"/organisations/{named}/members/{named}"

    made = await by_operator.put(member, json={"roles": ["reader"]})
    seen = [await by_operator.get(path) for path in (f"/users/{named}", f"/organisations/{named}", member)]
    claims = await by_operator.put(f"/users/{named}/claims", json={"given_name": "Eve"})
    removed = await by_operator.delete(member)

    assert (made.status_code, claims.status_code, removed.status_code) == (200, 200, 204), made.text
    assert [answer.json()["id"] for answer in (made, *seen)] == [identifier] * 4
    assert (await by_operator.get(f"/users/{organisation.owner}/claims")).json() == {}


@pytest.mark.parametrize("identifier", IDENTIFIERS)
async def test_lists_go_on_behind_it_and_are_narrowed_by_it(
    by_operator: httpx.AsyncClient, organisation: Organisation, identifier: str
) -> None:
    members = f"/organisations/{organisation.id}/members"
    await by_operator.put(f"{members}/{quote(identifier, safe='')}", json={"roles": ["reader"]})

    pages = [await by_operator.get(members, params={"limit": 1})]
    while (following := pages[-1].json()["next"]) is not None:
        pages.append(await by_operator.get(members, params={"limit": 1, "after": following}))
    keys = await by_operator.get("/api-keys", params={"user": identifier, "organisation": organisation.id})

    assert {answer.json()["data"][0]["id"] for answer in pages} == {identifier, organisation.owner, organisation.reader}
    assert (keys.status_code, keys.json()["data"]) == (200, [])


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("identifier", [pytest.param("auth0|1", id="of-another")])
async def test_in_07_what_no_identifier_can_be_is_refused_and_reaches_nobody(
    by_operator: httpx.AsyncClient, organisation: Organisation, hostile: str
) -> None:
    named = quote(hostile, safe="")

    refused = [
        await by_operator.get(f"/users/{named}"),
        await by_operator.patch(f"/users/{named}", json={"standing": "suspended"}),
        await by_operator.put(f"/organisations/{organisation.id}/members/{named}", json={"roles": ["owner"]}),
        await by_operator.get("/api-keys", params={"user": hostile}) if hostile != "auth0\ufdd01" else None,
    ]

    assert {answer.status_code for answer in refused if answer is not None} == {400}
    assert (await by_operator.get("/users/auth0%7C1")).json()["standing"] == "active"


@pytest.mark.parametrize(
    "path", ["/users/%2F", "/users/%2f%2F..%2F", "/users/a%2Fclaims", "/users/%FF%2F", "/users%2Fa"]
)
@pytest.mark.parametrize("identifier", [pytest.param("a", id="of-another")])
async def test_an_encoded_slash_leads_to_no_other_address(
    by_operator: httpx.AsyncClient, organisation: Organisation, path: str
) -> None:
    answer = await by_operator.get(path)

    assert answer.status_code in {400, 404}, organisation.id
