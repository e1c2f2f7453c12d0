"""The catalog: what a TOML text declares, what it is refused for, and what a scope stands for."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.catalog import (
    CONSENTRY_PERMISSIONS,
    Catalog,
    CatalogError,
    PermissionEntry,
    RoleEntry,
    ScopeEntry,
    parse_catalog,
)

SMALL = """
[permissions]
"invoice.read" = "See invoices"
"invoice.write" = "Create and edit invoices"
"quote.read" = "See quotes"
"payment_instruction.write" = { title = "Change where money is paid", sensitive = true }

[scopes."invoicing:write"]
title = "Create invoices"
permissions = ["invoice.write"]
implies = ["invoicing:read"]

[scopes."invoicing:read"]
title = "See your invoices and quotes"
permissions = ["invoice.read", "quote.read"]

[scopes."quotes:read"]
title = "See your quotes"
permissions = ["quote.read"]

[roles.owner]
permissions = ["*"]

[roles.invoice_only]
permissions = ["invoice.read", "invoice.write"]

[roles.bookkeeper]
title = "Book-keeper"
permissions = ["invoice.read"]
"""


def test_a_catalog_gives_the_title_and_the_sensitivity_of_each_permission() -> None:
    catalog = parse_catalog(SMALL)

    assert catalog.permissions["invoice.read"] == PermissionEntry("invoice.read", "See invoices")
    assert catalog.permissions["payment_instruction.write"].sensitive
    assert catalog.permissions["payment_instruction.write"].resource == "payment_instruction"
    assert catalog.permissions["payment_instruction.write"].action == "write"


@pytest.mark.parametrize("own", CONSENTRY_PERMISSIONS, ids=lambda entry: entry.name)
def test_consentrys_own_permissions_are_always_there(own: PermissionEntry) -> None:
    assert parse_catalog("").permissions[own.name] == own


def test_a_catalog_may_word_consentrys_own_permissions_differently_but_they_stay_sensitive() -> None:
    catalog = parse_catalog('[permissions]\n"api_key.manage" = "Look after all API keys"')

    assert catalog.permissions["api_key.manage"].title == "Look after all API keys"
    assert catalog.permissions["api_key.manage"].sensitive


def test_a_write_scope_stands_for_the_read_scope_that_it_implies() -> None:
    scope = parse_catalog(SMALL).scopes["invoicing:write"]

    assert scope.permissions == {"invoice.write", "invoice.read", "quote.read"}
    assert [entry.name for entry in scope.entries] == ["invoice.read", "invoice.write", "quote.read"]
    assert (scope.resource, scope.action, scope.implies) == ("invoicing", "write", ("invoicing:read",))


def test_a_scope_that_the_catalog_does_not_declare_stands_for_nothing() -> None:
    catalog = parse_catalog(SMALL)

    assert catalog.expand(["quotes:read", "banking:write"]) == {"quote.read"}
    assert catalog.expand([]) == frozenset()


def test_the_narrowest_scope_that_grants_a_permission_comes_first() -> None:
    catalog = parse_catalog(SMALL)

    assert catalog.scopes_granting("quote.read") == ("quotes:read", "invoicing:read", "invoicing:write")
    assert catalog.scopes_granting("payment_instruction.write") == ()


def test_a_role_may_hold_every_permission_or_those_listed() -> None:
    catalog = parse_catalog(SMALL)

    assert catalog.role_permissions("owner") == frozenset(catalog.permissions)
    assert catalog.role_permissions("bookkeeper") == frozenset({"invoice.read"})
    assert catalog.role_permissions("juggler") is None


def test_a_role_without_a_title_is_shown_by_its_name() -> None:
    roles = parse_catalog(SMALL).roles

    assert [role.title for role in roles.values()] == ["Owner", "Invoice only", "Book-keeper"]


def test_scopes_and_permissions_are_grouped_by_resource_with_read_before_write() -> None:
    catalog = parse_catalog(SMALL)

    scopes = {key: [scope.name for scope in group] for key, group in catalog.scopes_by_resource().items()}
    permissions = {key: [p.name for p in group] for key, group in catalog.permissions_by_resource().items()}
    assert scopes == {"invoicing": ["invoicing:read", "invoicing:write"], "quotes": ["quotes:read"]}
    assert permissions["invoice"] == ["invoice.read", "invoice.write"]
    assert permissions["oauth_app"] == ["oauth_app.install", "oauth_app.manage"]


def test_permissions_that_left_the_catalog_are_dropped() -> None:
    assert parse_catalog(SMALL).without_unknown({"quote.read", "ledger.read"}) == {"quote.read"}


def test_a_catalog_cannot_be_changed() -> None:
    catalog = parse_catalog(SMALL)

    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog.scopes = {}  # type: ignore[misc]  # the refusal is what is tested
    with pytest.raises(TypeError):
        catalog.scopes["x:read"] = catalog.scopes["quotes:read"]  # type: ignore[index]  # as above


DECLARED = '[permissions]\n"a.read" = "See a"\n"s.write" = { title = "Change s", sensitive = true }\n'
A_WRITE_IMPLIES_A_READ = '[scopes."a:write"]\ntitle = "T"\nimplies = ["a:read"]'
REFUSED = {
    "not TOML": ("[permissions", "not valid TOML"),
    "unknown table": ("[scope]\n", "unknown key `scope`"),
    "permissions not a table": ("permissions = 3", "[permissions]: must be a table"),
    "permission without a resource": ('[permissions]\n"read" = "See"', '"read": a permission is named'),
    "permission in capitals": ('[permissions]\n"A.read" = "See"', '"A.read": a permission is named'),
    "permission name without quotes": ('[permissions]\na.read = "See"', "within quotes"),
    "permission that is a number": ('[permissions]\n"a.read" = 1', '"a.read": must be a table'),
    "permission without words": ('[permissions]\n"a.read" = " "', "needs a title"),
    "permission with an unknown key": (
        '[permissions]\n"a.read" = { title = "See", hidden = true }',
        '[permissions] "a.read": unknown key `hidden`; known here are `sensitive`, `title`',
    ),
    "sensitive in quotes": (
        '[permissions]\n"a.read" = { title = "See", sensitive = "no" }',
        "`sensitive` must be true or false",
    ),
    "own permission made harmless": (
        '[permissions]\n"oauth_app.manage" = { title = "Manage apps", sensitive = false }',
        "always sensitive",
    ),
    "title with a hidden character": ('[permissions]\n"a.read" = "See\\u202e a"', "invisible characters"),
    "title too long": (f'[permissions]\n"a.read" = "{"x" * 121}"', "at most 120 characters"),
    "scope that is neither read nor write": (
        f'{DECLARED}[scopes."a:delete"]\ntitle = "T"\npermissions = ["a.read"]',
        '[scopes."a:delete"]: a scope is named',
    ),
    "scope without a title": (
        f'{DECLARED}[scopes."a:read"]\npermissions = ["a.read"]',
        '[scopes."a:read"]: needs a title',
    ),
    "scope without permissions": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"',
        "`permissions` must be a list",
    ),
    "scope that stands for nothing": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\npermissions = []',
        "stands for no permission",
    ),
    "scope with one permission as text": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\npermissions = "a.read"',
        "`permissions` must be a list",
    ),
    "scope with an undeclared permission": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\npermissions = ["b.read"]',
        '[scopes."a:read"]: the permission "b.read" is not declared',
    ),
    "scope that reaches a sensitive permission": (
        f'{DECLARED}[scopes."s:write"]\ntitle = "T"\npermissions = ["a.read", "s.write"]',
        '[scopes."s:write"]: the permission "s.write" is sensitive',
    ),
    "scope that reaches a permission of Consentry's own": (
        f'{DECLARED}[scopes."s:write"]\ntitle = "T"\npermissions = ["member.manage"]',
        '[scopes."s:write"]: the permission "member.manage" is sensitive',
    ),
    "scope with an unknown key": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\npermission = ["a.read"]',
        "unknown key `permission`",
    ),
    "scope that implies an unknown scope": (
        f'{DECLARED}[scopes."a:write"]\ntitle = "T"\nimplies = ["a:read"]',
        'implies the scope "a:read", which is not declared',
    ),
    "scopes that imply each other": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\nimplies = ["a:write"]\n{A_WRITE_IMPLIES_A_READ}',
        "in a circle",
    ),
    "scope that implies itself": (
        f'{DECLARED}[scopes."a:read"]\ntitle = "T"\nimplies = ["a:read"]',
        "in a circle (a:read → a:read)",
    ),
    "role in capitals": ("[roles.Owner]\npermissions = []", "[roles.Owner]: a role's name"),
    "role with an undeclared permission": (
        '[roles.clerk]\npermissions = ["a.read"]',
        '[roles.clerk]: the permission "a.read" is not declared',
    ),
    "role with everything and more": (
        f'{DECLARED}[roles.owner]\npermissions = ["*", "a.read"]',
        '"*" means every permission',
    ),
    "role without permissions": ('[roles.clerk]\ntitle = "Clerk"', "`permissions` must be a list"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_catalog_that_breaks_a_rule_is_refused_with_the_key_and_the_reason(text: str, message: str) -> None:
    with pytest.raises(CatalogError) as refusal:
        parse_catalog(text)

    assert message in str(refusal.value)


NAMES = ["a.read", "a.write", "b.read", "b.send", "s.write"]
SCOPES = ["a:read", "a:write", "b:read", "b:write"]


@st.composite
def catalog_texts(draw: st.DrawFn) -> str:
    """Catalogs over few names, with `implies` pointing only backwards, so that no circle arises."""
    sensitive = draw(st.sets(st.sampled_from(NAMES), max_size=3))
    lines = ["[permissions]"]
    lines += [f'"{n}" = {{ title = "{n}", sensitive = {str(n in sensitive).lower()} }}' for n in NAMES]
    for place, scope in enumerate(SCOPES):
        listed = sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1)))
        implied = sorted(draw(st.sets(st.sampled_from(SCOPES[:place])))) if place else []
        lines += [f'[scopes."{scope}"]', 'title = "T"', f"permissions = {listed}", f"implies = {implied}"]
    return "\n".join(lines)


@given(catalog_texts(), st.sets(st.sampled_from([*SCOPES, "c:read"])))
def test_no_set_of_scopes_reaches_a_sensitive_permission(text: str, scopes: set[str]) -> None:
    try:
        catalog = parse_catalog(text)
    except CatalogError as refusal:
        assert "sensitive" in str(refusal)  # noqa: PT017 - a refusal is one of the two right answers
        return

    assert not any(catalog.permissions[name].sensitive for name in catalog.expand(scopes))


@st.composite
def harmless_catalogs(draw: st.DrawFn) -> Catalog:
    return parse_catalog(draw(catalog_texts()).replace("sensitive = true", "sensitive = false"))


@given(harmless_catalogs(), st.sets(st.sampled_from([*SCOPES, "c:read"])), st.sets(st.sampled_from(SCOPES)))
def test_more_scopes_never_stand_for_less(catalog: Catalog, some: set[str], more: set[str]) -> None:
    assert catalog.expand(some) <= catalog.expand(some | more)
    assert catalog.expand(some | more) == catalog.expand(some) | catalog.expand(more)


@given(harmless_catalogs())
def test_a_scope_stands_for_all_that_the_scopes_it_implies_stand_for(catalog: Catalog) -> None:
    for scope in catalog.scopes.values():
        assert catalog.expand(scope.implies) <= scope.permissions == catalog.expand([scope.name])
        assert {entry.name for entry in scope.entries} == scope.permissions


def test_entries_are_equal_by_content() -> None:
    assert parse_catalog(SMALL).scopes["quotes:read"] == ScopeEntry(
        name="quotes:read",
        title="See your quotes",
        permissions=frozenset({"quote.read"}),
        implies=(),
        entries=(PermissionEntry("quote.read", "See quotes"),),
    )
    assert parse_catalog(SMALL).roles["bookkeeper"] == RoleEntry(
        "bookkeeper", "Book-keeper", frozenset({"invoice.read"})
    )
