"""Permission names and the text form of a set of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.permission import is_permission_name, parse_permissions, render_permissions

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}\.[a-z][a-z0-9_]{0,8}", fullmatch=True)


@pytest.mark.parametrize("name", ["invoice.read", "api_key.manage", "a1.b2_c"])
def test_a_permission_is_named_resource_dot_action(name: str) -> None:
    assert is_permission_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "invoice",
        "invoice.",
        ".read",
        "Invoice.read",
        "invoice.read ",
        "invoice.read\n",
        "a.b.c",
        "1a.read",
        "invoice:read",
        "größe.read",
    ],
)
def test_anything_else_is_no_permission_name(name: str) -> None:
    assert not is_permission_name(name)


@given(st.frozensets(names))
def test_a_set_of_permissions_survives_its_text_form(permissions: frozenset[str]) -> None:
    assert parse_permissions(render_permissions(permissions)) == permissions


@given(st.frozensets(names))
def test_the_text_form_is_sorted_and_always_the_same(permissions: frozenset[str]) -> None:
    text = render_permissions(permissions)

    assert render_permissions(parse_permissions(text)) == text
    assert text.split(" ") == sorted(permissions) or not permissions


def test_no_permission_is_an_empty_text() -> None:
    assert render_permissions([]) == ""
    assert parse_permissions("") == frozenset()
