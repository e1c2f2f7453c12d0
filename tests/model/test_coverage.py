"""How much of a scope a member holds, and the sentence that explains what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.catalog import PermissionEntry, parse_catalog
from consentry.model.coverage import CUSTOM_ROLE_TITLE, Holding, coverage, gerund, missing_reason, not_in_roles

SCOPE = parse_catalog(
    """
[permissions]
"invoice.read" = "See invoices"
"invoice.send" = "Send invoices"
"quote.read" = "See quotes"
[scopes."invoicing:write"]
title = "Change your invoices"
permissions = ["invoice.read", "invoice.send"]
"""
).scopes["invoicing:write"]


@pytest.mark.parametrize(
    ("held", "holding", "missing"),
    [
        ({"invoice.read", "invoice.send", "quote.read"}, Holding.FULL, []),
        ({"invoice.read"}, Holding.PARTIAL, ["Send invoices"]),
        ({"quote.read"}, Holding.NONE, ["See invoices", "Send invoices"]),
        (set(), Holding.NONE, ["See invoices", "Send invoices"]),
    ],
)
def test_a_scope_is_fully_partly_or_not_held(held: set[str], holding: Holding, missing: list[str]) -> None:
    covered = coverage(SCOPE, frozenset(held))

    assert covered.holding is holding
    assert [entry.title for entry in covered.missing] == missing


@given(st.frozensets(st.sampled_from(["invoice.read", "invoice.send", "quote.read"])))
def test_what_is_held_and_what_is_missing_make_up_the_scope(held: frozenset[str]) -> None:
    missing = {entry.name for entry in coverage(SCOPE, held).missing}

    assert missing == SCOPE.permissions - held


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Send invoices", "sending invoices"),
        ("Create and edit invoices", "creating and editing invoices"),
        ("Create, edit and delete items", "creating, editing and deleting items"),
        ("See and export reports", "seeing and exporting reports"),
        ("Change where money is paid", "changing where money is paid"),
        ("Record what you send", "recording what you send"),
        ("Rechnungen senden", "“Rechnungen senden”"),
    ],
)
def test_a_title_becomes_words_that_fit_into_a_sentence(title: str, words: str) -> None:
    assert gerund(title) == words


def entries(*titles: str) -> list[PermissionEntry]:
    return [PermissionEntry(f"p{place}.do", title) for place, title in enumerate(titles)]


@pytest.mark.parametrize(
    ("titles", "roles", "sentence"),
    [
        (
            ["Send invoices"],
            ["Bookkeeper"],
            "Your role Bookkeeper does not include sending invoices",
        ),
        (
            ["Send invoices", "Void invoices"],
            ["Bookkeeper", "Expense submitter"],
            "Your roles Bookkeeper and Expense submitter do not include sending invoices or voiding invoices",
        ),
        (
            ["Send a", "Send b", "Send c", "Send d"],
            [CUSTOM_ROLE_TITLE],
            "Your role Custom does not include sending a, sending b or 2 other things",
        ),
        (
            ["See a", "See b", "See c"],
            [],
            "You hold no role that includes seeing a, seeing b or seeing c",
        ),
    ],
)
def test_the_reason_names_the_role_and_what_it_lacks(titles: list[str], roles: list[str], sentence: str) -> None:
    assert missing_reason(entries(*titles), roles) == f"{sentence}; an administrator can change that."


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (["Bookkeeper"], "Not in your role Bookkeeper."),
        (
            ["Bookkeeper", "Expense submitter", "Read-only"],
            "Not in your roles Bookkeeper, Expense submitter and Read-only.",
        ),
        ([], "You hold no role."),
    ],
)
def test_the_short_reason_names_the_roles(roles: list[str], sentence: str) -> None:
    assert not_in_roles(roles) == sentence


def test_nothing_missing_needs_no_reason() -> None:
    assert missing_reason([], ["Bookkeeper"]) == ""
