"""E-mail addresses, passwords and role grants: pure rules."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.acting import NOWHERE, member
from consentry.model.email_address import find_email_fault, normalise_email
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import parse_role_grants, render_role_grants
from consentry.model.organisation import RoleGrant
from consentry.model.password import find_password_fault
from consentry.model.secret import Secret
from consentry.model.throttling import ThrottlePolicy

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
PERMISSIONS = st.none() | st.lists(st.sampled_from(["invoice.read", "client.write"]), unique=True).map(
    lambda names: " ".join(sorted(names))
)


@given(st.text())
def test_normalising_an_address_again_changes_nothing(text: str) -> None:
    once = normalise_email(text)

    if find_email_fault(once) is None:
        assert normalise_email(once) == once


@given(st.text())
def test_an_accepted_address_has_one_at_sign_and_nothing_unseen(text: str) -> None:
    email = normalise_email(text)

    if find_email_fault(email) is None:
        assert email.count("@") == 1
        assert email.isprintable()
        assert " " not in email
        assert len(email) <= 254


def test_in_10_a_long_address_costs_no_time() -> None:
    started = time.perf_counter()

    find_email_fault(normalise_email("a" * 50_000 + "!" + "@" * 50_000))

    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize("password", ["ana@acme.test", " ANA@acme.test "])
def test_the_address_itself_is_no_password_however_it_is_written(password: str) -> None:
    assert find_password_fault(Secret(password), email="ana@acme.test") is not None


@given(st.lists(st.builds(RoleGrant, NAMES, PERMISSIONS), unique_by=lambda grant: grant.name))
def test_what_is_rendered_of_role_grants_is_read_again_as_it_was(grants: list[RoleGrant]) -> None:
    assert parse_role_grants(render_role_grants(grants)) == tuple(sorted(grants, key=lambda grant: grant.name))


@given(st.integers(1, 10**9), st.integers(0, 50))
def test_no_delay_is_longer_than_the_longest_and_none_shorter_than_the_one_before(count: int, free: int) -> None:
    policy = ThrottlePolicy(free=free)

    assert policy.delay_after(count) <= policy.delay_after(count + 1) <= policy.longest_delay


def test_tn_05_a_user_without_an_organisation_is_no_operator() -> None:
    acting = member(UserId("usr_1"), None, frozenset())

    assert not acting.is_operator
    assert not acting.may("member.manage", NOWHERE)
    assert not acting.may("member.manage", OrganisationId("org_1"))
