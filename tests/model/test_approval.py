"""What was approved and still stands: never more than any one of token, connection and app lets through."""

from hypothesis import given
from hypothesis import strategies as st

from consentry.model.approval import ApprovalBook
from consentry.model.catalog import parse_catalog
from consentry.oauth.scope import Scope
from small_world import SMALL_CATALOG

CATALOG = parse_catalog(SMALL_CATALOG)
BOOK = ApprovalBook(CATALOG)
scopes = st.frozensets(st.sampled_from([*sorted(CATALOG.scopes), "left:read"]))


def text(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


@given(scopes, scopes, scopes)
def test_rv_13_effective_is_within_each_of_the_three(
    token: frozenset[str], connection: frozenset[str], app: frozenset[str]
) -> None:
    approval = BOOK.approved(text(token), text(connection), text(app))

    assert approval.scope.tokens == token & connection & app
    assert approval.permissions == CATALOG.expand(token & connection & app)
    for operand in (token, connection, app):
        assert approval.permissions <= CATALOG.expand(operand)


@given(scopes, scopes, scopes, scopes)
def test_taking_a_scope_from_any_side_never_adds_a_permission(
    token: frozenset[str], connection: frozenset[str], app: frozenset[str], taken: frozenset[str]
) -> None:
    whole = BOOK.approved(text(token), text(connection), text(app)).permissions

    for narrowed in (
        BOOK.approved(text(token - taken), text(connection), text(app)),
        BOOK.approved(text(token), text(connection - taken), text(app)),
        BOOK.approved(text(token), text(connection), text(app - taken)),
    ):
        assert narrowed.permissions <= whole


@given(scopes, st.frozensets(st.sampled_from(sorted(CATALOG.permissions))))
def test_a_covered_scope_is_approved_and_gives_something(scope: frozenset[str], held: frozenset[str]) -> None:
    covered = BOOK.still_covered(Scope(scope), held)

    assert covered.tokens <= scope
    assert {name for name in scope if CATALOG.expand((name,)) & held} == covered.tokens


def test_a_scope_that_left_the_catalog_stands_for_nothing() -> None:
    assert BOOK.approved("left:read", "left:read", "left:read").permissions == frozenset()


def test_spaces_around_the_apps_scopes_change_nothing() -> None:
    approval = BOOK.approved("invoicing:read", "invoicing:read", " invoicing:read")

    assert approval.permissions == {"invoice.read"}


def test_no_text_is_a_part_of_another() -> None:
    assert BOOK.approved("invoicing:read", "invoicing:read-all invoicing", "invoicing:read").permissions == frozenset()


def test_the_memo_is_emptied_and_answers_as_before() -> None:
    book = ApprovalBook(CATALOG)
    for number in range(9000):
        book.approved(f"x:{number}", "invoicing:read", "invoicing:read")

    assert book.approved("invoicing:read", "invoicing:read", "invoicing:read").permissions == {"invoice.read"}
