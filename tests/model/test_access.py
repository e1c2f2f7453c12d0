"""The decision: allowed only where both sides allow, and a refusal that says which side is missing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.access import ALLOWED, Access, Reason, Refused
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.micros import to_micros
from consentry.oauth.scope import Scope
from small_world import SMALL_CATALOG

CATALOG = parse_catalog(SMALL_CATALOG)
NAMES = sorted(CATALOG.permissions)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
some = st.frozensets(st.sampled_from(NAMES))


def access(approved: frozenset[str], held: frozenset[str], *, by_key: bool = False) -> Access:
    return Access(
        organisation_id=OrganisationId("org_1"),
        user_id=UserId("usr_1"),
        app_id=None if by_key else AppId("app_1"),
        client_id=None if by_key else ClientId("app_1"),
        connection_id=None if by_key else ConnectionId("con_1"),
        api_key_id=ApiKeyId("key_1") if by_key else None,
        scope=None if by_key else Scope(),
        approved=approved,
        held=held,
        permissions=approved & held,
        resource=None,
        issued_micros=to_micros(NOW),
        expires_micros=None,
    )


@given(some, some, st.sampled_from([*NAMES, "unknown.read", "", "*"]), st.booleans())
def test_rv_13_a_call_is_allowed_where_both_sides_allow_it_and_nowhere_else(
    approved: frozenset[str],
    held: frozenset[str],
    permission: str,
    by_key: bool,  # noqa: FBT001 - drawn
) -> None:
    decision = access(approved, held, by_key=by_key).decide(permission, CATALOG)

    assert (decision == ALLOWED) == (permission in approved and permission in held)
    if isinstance(decision, Refused):
        assert decision.permission == permission
        # Asking for a scope is proposed only where it can help.
        helps = permission in held and not by_key
        assert all(permission in CATALOG.expand((name,)) for name in decision.scopes)
        assert helps or not decision.scopes


@pytest.mark.parametrize(
    ("approved", "held", "by_key", "reason", "scopes"),
    [
        ({"invoice.read"}, set(), False, Reason.USER_LACKS_PERMISSION, ""),
        (set(), {"invoice.read"}, False, Reason.SCOPE_NOT_GRANTED, "invoicing:read"),
        (set(), set(), False, Reason.USER_LACKS_PERMISSION, ""),
        (set(), {"invoice.read"}, True, Reason.PERMISSION_NOT_IN_KEY, ""),
        ({"invoice.read"}, set(), True, Reason.USER_LACKS_PERMISSION, ""),
    ],
)
def test_a_refusal_says_which_side_is_missing(
    approved: set[str],
    held: set[str],
    by_key: bool,  # noqa: FBT001 - a column of the table
    reason: Reason,
    scopes: str,
) -> None:
    decision = access(frozenset(approved), frozenset(held), by_key=by_key).decide("invoice.read", CATALOG)

    assert isinstance(decision, Refused)
    assert (decision.reason, str(decision.scopes)) == (reason, scopes)


def test_a_permission_that_no_scope_covers_proposes_none() -> None:
    decision = access(frozenset(), frozenset(NAMES)).decide("payment_instruction.write", CATALOG)

    assert isinstance(decision, Refused)
    assert (decision.reason, decision.scopes) == (Reason.SCOPE_NOT_GRANTED, Scope())


@given(some, some, st.frozensets(st.sampled_from(sorted(CATALOG.scopes))), st.sampled_from(NAMES))
def test_c_33_no_scope_is_named_that_the_app_may_not_ask_for(
    approved: frozenset[str], held: frozenset[str], of_app: frozenset[str], permission: str
) -> None:
    known = access(approved, held)._replace(app_scopes=" ".join(sorted(of_app)))

    decision = known.decide(permission, CATALOG)

    if isinstance(decision, Refused):
        helping = of_app & set(CATALOG.scopes_granting(permission))
        assert decision.scopes.tokens <= helping
        assert (decision.reason is Reason.SCOPE_NOT_GRANTED and bool(CATALOG.scopes_granting(permission))) == bool(
            decision.scopes
        )


def test_the_narrowest_scope_is_named_of_those_that_the_app_may_ask_for() -> None:
    known = access(frozenset(), frozenset(NAMES))

    told = {
        of_app: str(getattr(known._replace(app_scopes=of_app).decide("invoice.read", CATALOG), "scopes", ""))
        for of_app in (None, "invoicing:read invoicing:write", " invoicing:write", "contacts:write")
    }

    assert list(told.values()) == ["invoicing:read", "invoicing:read", "invoicing:write", ""]


def test_the_catalog_of_the_tests_has_a_permission_out_of_reach(catalog: Catalog) -> None:
    assert catalog.scopes_granting("payment_instruction.write") == ()
