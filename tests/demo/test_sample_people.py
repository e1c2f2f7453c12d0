"""The sample world hangs together: every person, role and app refers to what is there."""

from pathlib import Path

import consentry.demo
from consentry.demo.people import APPS, COMMAND_LINE_APP, ORGANISATIONS, PEOPLE, WEB_APP
from consentry.model.catalog import parse_catalog

CATALOG = parse_catalog((Path(consentry.demo.__file__).parent / "catalog.toml").read_text(encoding="utf-8"))


def permissions_of(email: str, organisation: str) -> frozenset[str]:
    (person,) = (person for person in PEOPLE if person.email == email)
    roles = [role for member in person.memberships if member.organisation == organisation for role in member.roles]
    return frozenset[str]().union(*(CATALOG.roles[role].permissions for role in roles))


def test_everyone_is_a_member_somewhere_with_roles_of_the_catalog() -> None:
    keys = {organisation.key for organisation in ORGANISATIONS}

    for person in PEOPLE:
        assert person.memberships
        for membership in person.memberships:
            assert membership.organisation in keys
            assert set(membership.roles) <= set(CATALOG.roles)


def test_people_have_addresses_and_passwords_of_their_own_that_hurt_nobody() -> None:
    assert len({person.email for person in PEOPLE}) == len(PEOPLE)
    assert len({person.password for person in PEOPLE}) == len(PEOPLE)
    assert all(person.email.endswith(".example") for person in PEOPLE)
    assert all(len(person.password) >= 12 for person in PEOPLE)


def test_somebody_works_for_both_organisations() -> None:
    assert [person.name for person in PEOPLE if len(person.memberships) == len(ORGANISATIONS)] == ["Dilip Rao"]


def test_apps_are_registered_by_people_who_may_and_ask_for_scopes_of_the_catalog() -> None:
    for app in APPS:
        assert "oauth_app.manage" in permissions_of(app.registered_by, app.organisation)
        assert set(app.scopes) <= set(CATALOG.scopes)


def test_the_sample_shows_people_who_may_and_who_may_not_connect_an_app() -> None:
    assert "oauth_app.install" in permissions_of("carla@northmoor.example", "northmoor")
    assert "oauth_app.install" not in permissions_of("hana@harbour.example", "harbour")


def test_each_apps_redirect_uri_is_known_once_its_address_is() -> None:
    assert WEB_APP.redirect_uri_at("http://127.0.0.1:8402/") == "http://127.0.0.1:8402/callback"
    assert COMMAND_LINE_APP.redirect_uri_at("http://ignored.example") == "http://127.0.0.1/callback"
