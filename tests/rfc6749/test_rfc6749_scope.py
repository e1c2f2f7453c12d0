"""A scope is a set of tokens. RFC 6749 §3.3 and §6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.scope import MAX_TOKEN_LENGTH, MAX_TOKENS, Scope, narrowed

tokens = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1, max_size=20
)
scopes = st.frozensets(st.one_of(tokens, st.sampled_from(["a", "b", "c", "d"])), max_size=8).map(
    lambda chosen: Scope.of(*chosen)
)


def test_a_scope_reads_in_any_order_and_renders_in_one() -> None:
    scope = Scope.parse("invoicing:write contacts:read invoicing:write")

    assert str(scope) == "contacts:read invoicing:write"
    assert list(scope) == ["contacts:read", "invoicing:write"]
    assert len(scope) == 2
    assert repr(scope) == "Scope('contacts:read invoicing:write')"
    assert scope == Scope.of("contacts:read", "invoicing:write")
    assert hash(scope) == hash(Scope.parse("contacts:read invoicing:write"))


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_is_the_empty_scope(text: str | None) -> None:
    assert not Scope.parse(text)
    assert str(Scope.parse(text)) == ""


def test_a_token_is_compared_whole() -> None:
    assert "invoices:read" not in Scope.parse("invoices:read-all")
    assert "invoices:read" in Scope.parse("invoices:read")


@pytest.mark.shows("RFC 6749 §3.3 grammar")
@pytest.mark.parametrize(
    "text",
    [
        " ",
        " a",
        "a ",
        "a  b",
        "a\tb",
        "a\nb",
        'a"b',
        "a\\b",
        "é",
        "a\0b",
        "a\x7f",
        "a\u00a0b",
        "a" * (MAX_TOKEN_LENGTH + 1),
    ],
)
def test_in_09_anything_outside_the_grammar_is_an_invalid_scope(text: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        Scope.parse(text)

    assert refusal.value.code == ErrorCode.INVALID_SCOPE


@pytest.mark.parametrize("token", ["", "a b", '"', "é"])
def test_a_scope_cannot_be_made_of_anything_but_tokens(token: str) -> None:
    with pytest.raises(OAuthError, match="invalid_scope"):
        Scope.of(token)


def test_in_08_a_huge_scope_is_an_invalid_scope() -> None:
    many = [f"s{number}" for number in range(10_000)]

    assert len(Scope.of(*many[:MAX_TOKENS])) == MAX_TOKENS
    assert len(Scope.parse(" ".join(many[:MAX_TOKENS]))) == MAX_TOKENS
    assert str(Scope.of("a" * MAX_TOKEN_LENGTH)) == "a" * MAX_TOKEN_LENGTH
    with pytest.raises(OAuthError, match="invalid_scope: The scope has more than 100 names"):
        Scope.parse(" ".join(many))
    with pytest.raises(OAuthError, match="invalid_scope: The scope has more than 100 names"):
        Scope.of(*many)


def test_a_refresh_without_a_scope_keeps_all_that_is_held() -> None:
    assert narrowed(Scope.of("a", "b"), None) == Scope.of("a", "b")
    assert narrowed(Scope.of("a", "b"), Scope.of("a")) == Scope.of("a")


def test_tk_10_a_refresh_that_asks_for_more_is_an_invalid_scope() -> None:
    with pytest.raises(OAuthError) as refusal:
        narrowed(Scope.of("a"), Scope.of("a", "b"))

    assert refusal.value.code == ErrorCode.INVALID_SCOPE
    assert refusal.value.description == "The scope goes beyond what was approved: b was not approved."


@given(scopes)
def test_what_renders_reads_as_the_same_scope(scope: Scope) -> None:
    assert Scope.parse(str(scope)) == scope
    assert str(Scope.parse(str(scope))) == str(scope)


@given(scopes, st.one_of(st.none(), scopes))
def test_narrowing_never_widens(held: Scope, asked: Scope | None) -> None:
    try:
        result = narrowed(held, asked)
    except OAuthError:
        assert asked is not None
        assert not asked <= held
    else:
        assert result <= held
        assert asked is None or result <= asked


@given(scopes, scopes)
def test_the_operations_are_those_of_sets(one: Scope, other: Scope) -> None:
    assert set(one & other) == set(one) & set(other)
    assert set(one | other) == set(one) | set(other)
    assert set(one - other) == set(one) - set(other)
    assert (one <= other) == (set(one) <= set(other))
    assert list(one) == sorted(one)


@given(st.one_of(st.text(), st.text('ab "\\\t')))
def test_in_09_no_text_raises_anything_but_an_invalid_scope(text: str) -> None:
    code: ErrorCode | None = None
    try:
        scope = Scope.parse(text)
    except OAuthError as error:
        code = error.code
    else:
        assert set(scope) == set(text.split())
    assert code in {None, ErrorCode.INVALID_SCOPE}
