"""What a member holds: the union of roles, or the tuned permissions, and nothing at all unless all are active."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.catalog import parse_catalog
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import Holder, RoleBook, parse_role_grants, render_role_grants
from consentry.model.organisation import RoleGrant, Standing
from small_world import SMALL_CATALOG

CATALOG = parse_catalog(SMALL_CATALOG)
BOOK = RoleBook(CATALOG)
NAMES = sorted(CATALOG.permissions)

some = st.frozensets(st.sampled_from([*NAMES, "left.read"]))
definitions = st.none() | some.map(lambda names: " ".join(sorted(names)))
grants = st.dictionaries(st.sampled_from(["owner", "bookkeeper", "reader", "own", "gone"]), definitions).map(
    lambda drawn: tuple(RoleGrant(name, drawn[name]) for name in sorted(drawn))
)
standings = st.sampled_from(Standing)


@given(grants)
def test_what_is_rendered_of_roles_is_read_again(roles: tuple[RoleGrant, ...]) -> None:
    assert parse_role_grants(render_role_grants(roles)) == roles


@given(grants, grants)
def test_roles_add_up_and_hold_only_what_the_catalog_declares(
    one: tuple[RoleGrant, ...], other: tuple[RoleGrant, ...]
) -> None:
    known = {grant.name for grant in one}
    both = (*one, *(grant for grant in other if grant.name not in known))

    alone, together = (BOOK.permissions_of(render_role_grants(roles), None) for roles in (one, both))

    assert alone <= together <= frozenset(NAMES)


@given(grants, some)
def test_tuned_permissions_stand_in_place_of_the_roles(roles: tuple[RoleGrant, ...], custom: frozenset[str]) -> None:
    held = BOOK.permissions_of(render_role_grants(roles), " ".join(sorted(custom)))

    assert held == custom & frozenset(NAMES)


@pytest.mark.parametrize(
    ("roles", "custom", "held"),
    [
        ("", None, set()),
        ("owner", "", set()),
        ("reader", None, {"invoice.read", "client.read"}),
        ("reader=", None, set()),
        ("reader=invoice.write", None, {"invoice.write"}),
        ("own=invoice.send;reader", None, {"invoice.send", "invoice.read", "client.read"}),
        ("gone", None, set()),
        ("own=*", None, set()),
        ("own=left.read invoice.read", None, {"invoice.read"}),
    ],
)
def test_an_own_definition_replaces_the_catalogs_and_an_unknown_role_has_none(
    roles: str, custom: str | None, held: set[str]
) -> None:
    assert BOOK.permissions_of(roles, custom) == held


@given(standings, standings, st.none() | standings, grants)
def test_rv_11_nothing_is_held_unless_organisation_user_and_member_are_active(
    organisation: Standing, user: Standing, member: Standing | None, roles: tuple[RoleGrant, ...]
) -> None:
    text = render_role_grants(roles)
    holder = Holder(OrganisationId("org_1"), organisation, UserId("usr_1"), user, member, text, None)

    if {organisation, user, member} == {Standing.ACTIVE}:
        assert BOOK.held_by(holder) == BOOK.permissions_of(text, None)
    else:
        assert BOOK.held_by(holder) == frozenset()


def test_a_custom_member_shows_as_custom() -> None:
    assert BOOK.role_titles("reader", None) == ("Read-only",)
    assert BOOK.role_titles("own=;reader", None) == ("own", "Read-only")
    assert BOOK.role_titles("reader", "") == ("Custom",)
