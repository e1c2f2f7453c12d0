"""What is known of a user, how it is set, and what an app is told of it. OpenID Connect Core 1.0 §5.1, §5.3, §5.4."""

import json
from typing import Any

import httpx
import pytest
from openid_core_vectors import CLAIMS

from consentry.model.faults import InvalidInputError
from consentry.model.person_claims import find_claims_faults
from live_server import OPERATOR, Person, RegisteredClient, Site
from user_agent import connect

FULL = {
    "given_name": "Ana",
    "family_name": "Oliveira",
    "middle_name": "Maria",
    "nickname": "Ani",
    "preferred_username": "ana",
    "profile": "https://people.test/ana",
    "picture": "https://people.test/ana.png",
    "website": "https://ana.test",
    "gender": "female",
    "birthdate": "1990-12-31",
    "zoneinfo": "Europe/Lisbon",
    "locale": "pt-PT",
    "updated_at": 1311280970,
    "email_verified": True,
    "address": {"street_address": "1 High Street", "locality": "London", "country": "United Kingdom"},
    "phone_number": "+44 20 7946 0958",
    "phone_number_verified": False,
}
SCOPES = {
    "profile": {*list(FULL)[:13], "name"},
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


@pytest.fixture(scope="module")
def app(site: Site) -> RegisteredClient:
    return site.add_app(required=("openid",), optional=(*SCOPES, "offline_access"))


@pytest.fixture(scope="module")
def ana(site: Site) -> Person:
    person = site.add_person()
    site.run(site.deeds.user_claims.set(OPERATOR, person.id, FULL))
    return person


def told(site: Site, app: RegisteredClient, person: Person, scope: str, **changes: str) -> dict[str, Any]:
    tokens = connect(site, app, person, scope=scope, **changes)
    answer = httpx.get(f"{site.issuer}/oauth/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.shows(
    "OpenID Connect Core §5.1 claims", "OpenID Connect Core §5.4 scopes", "OpenID Connect Core §5.3.2 sub"
)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_claims_and_no_others(site: Site, app: RegisteredClient, ana: Person, scope: str) -> None:
    """OpenID Connect Core §5.4."""
    claims = told(site, app, ana, f"openid {scope}")

    assert claims.pop("sub") == ana.id
    assert claims.keys() == SCOPES[scope]
    known = {**FULL, "name": "Ana Oliveira", "email": ana.email}
    assert claims == {name: known[name] for name in SCOPES[scope]}


@pytest.mark.shows("OpenID Connect Core §5.3.2 no-null")
def test_what_is_not_known_is_left_out(site: Site, app: RegisteredClient) -> None:
    """OpenID Connect Core §5.3.2."""
    assert told(site, app, site.ana, "openid phone address").keys() == {"sub"}


def test_claims_are_told_as_they_stand_now(site: Site, app: RegisteredClient) -> None:
    person = site.add_person()
    site.run(site.deeds.user_claims.set(OPERATOR, person.id, {"nickname": "before"}))
    assert told(site, app, person, "openid profile")["nickname"] == "before"

    site.run(site.deeds.user_claims.set(OPERATOR, person.id, {}))

    assert "nickname" not in told(site, app, person, "openid profile")


def test_updated_at_is_the_time_of_the_change(site: Site) -> None:
    person = site.add_person()

    kept = site.run(site.deeds.user_claims.set(OPERATOR, person.id, {"gender": "female"}))

    assert kept == site.run(site.deeds.user_claims.get(OPERATOR, person.id))
    assert kept["updated_at"] > 0


def test_a_full_set_of_claims_can_be_kept() -> None:
    assert find_claims_faults(FULL) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sub", "other"),
        ("name", "Eve"),
        ("email", "eve@evil.test"),
        ("admin", True),
        ("email_verified", "true"),
        ("updated_at", "now"),
        ("updated_at", True),
        ("birthdate", "31/12/1990"),
        ("picture", "javascript:alert(1)"),
        ("website", "ana.test"),
        ("nickname", ""),
        ("nickname", 7),
        ("nickname", "x" * 1001),
        ("address", "1 High Street"),
        ("address", {}),
        ("address", {"planet": "Earth"}),
        ("address", {"country": 1}),
        ("phone_number", "call me"),
    ],
)
def test_a_claim_of_another_form_is_refused_by_name(name: str, value: object) -> None:
    [fault] = find_claims_faults({name: value})

    assert fault.field == f"claims.{name}"


def test_all_faults_are_told_and_nothing_is_kept(site: Site) -> None:
    person = site.add_person()

    with pytest.raises(InvalidInputError) as caught:
        site.run(site.deeds.user_claims.set(OPERATOR, person.id, {"gender": "f", "sub": "x", "birthdate": "?"}))

    assert {fault.field for fault in caught.value.faults} == {"claims.sub", "claims.birthdate"}
    assert site.run(site.deeds.user_claims.get(OPERATOR, person.id)) == {}


@pytest.mark.shows("OpenID Connect Core §5.5 claims-parameter", "OpenID Connect Core §5.5.1 essential")
def test_single_claims_are_told_where_they_were_asked_for(site: Site, app: RegisteredClient, ana: Person) -> None:
    """OpenID Connect Core §5.5: the example of the section, of which this server knows these."""
    claims = told(site, app, ana, "openid", claims=json.dumps(CLAIMS))

    assert claims.keys() == {"sub", "given_name", "nickname", "email", "email_verified", "picture"}
