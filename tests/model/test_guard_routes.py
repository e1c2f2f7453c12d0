"""The routes file: which permissions a call needs, and what a faulty file is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.catalog import parse_catalog
from consentry.model.guard_routes import GuardRoutes
from consentry.model.guard_routes_reading import GuardRoutesError, parse_guard_routes
from consentry.model.request_path import AmbiguousRequestError
from small_world import SMALL_CATALOG

CATALOG = parse_catalog(SMALL_CATALOG)
FILE = """
resource = "https://api.books.test"
identity_audience = "books"

[routes]
"GET /invoices" = "invoice.read"
"GET /invoices/export" = ["invoice.read", "client.read"]
"GET /invoices/{id}" = "invoice.read"
"POST /invoices" = "invoice.write"
"GET /me" = "any"
"* /public/**" = "public"
"GET /" = "public"
"""


def routes() -> GuardRoutes:
    return parse_guard_routes(FILE, CATALOG)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", ("invoices",), "GET /invoices"),
        ("HEAD", ("invoices",), "GET /invoices"),
        ("GET", ("invoices", "export"), "GET /invoices/export"),
        ("GET", ("invoices", "7"), "GET /invoices/{id}"),
        ("POST", ("invoices",), "POST /invoices"),
        ("GET", (), "GET /"),
        ("DELETE", ("public", "a", "b"), "* /public/**"),
        ("GET", ("public",), "* /public/**"),
        ("PUT", ("invoices",), None),
        ("POST", ("invoices", "7"), None),
        ("GET", ("invoices", "7", "lines"), None),
        ("GET", ("publicity",), None),
        ("POST", (), None),
    ],
)
def test_the_first_line_that_fits_counts_and_nothing_else_is_let_through(
    method: str, path: tuple[str, ...], expected: str | None
) -> None:
    found = routes().find(method, path)

    assert (None if found is None else found.text) == expected


def test_a_line_says_what_a_call_needs() -> None:
    read = {route.text: (route.public, route.permissions) for route in routes().routes}

    assert read["GET /invoices/export"] == (False, ("invoice.read", "client.read"))
    assert read["GET /me"] == (False, ())
    assert read["* /public/**"] == (True, ())
    assert (routes().resource, routes().identity_audience) == ("https://api.books.test", "books")


@pytest.mark.parametrize("path", [("invoices", "EXPORT"), ("Invoices",), ("PUBLIC", "x")])
def test_a_path_that_differs_by_case_only_is_refused_since_some_servers_do_not_look_at_it(
    path: tuple[str, ...],
) -> None:
    with pytest.raises(AmbiguousRequestError, match="capital and small letters"):
        routes().find("GET", path)


@given(st.sampled_from(["GET", "POST", "DELETE"]), st.lists(st.sampled_from(["invoices", "export", "7", "public"])))
def test_a_call_is_public_only_where_a_public_line_stands(method: str, path: list[str]) -> None:
    found = routes().find(method, path)

    assert (found is not None and found.public) == (path[:1] == ["public"] or (method == "GET" and path == []))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            '"GET /invoices" = "invoice.raed"',
            r'"GET /invoices": the catalog has no permission .* Did you mean invoice.read',
        ),
        ('"GET /invoices" = "nothing.like_it"', r"Declare it in the catalog"),
        ('"GET /invoices" = "Public"', r"Did you mean public"),
        ('"GET /invoices" = []', r'write a permission, a list of permissions, "any"'),
        ('"GET /invoices" = true', r'write a permission, a list of permissions, "any"'),
        ('"GET /invoices" = [1]', r'write a permission, a list of permissions, "any"'),
        ('"get /invoices" = "any"', r'"get /invoices": write a method in capitals'),
        ('"/invoices" = "any"', r"write a method in capitals"),
        ('"GET invoices" = "any"', r"write a method in capitals"),
        ('"GET /invoices/" = "any"', r"one slash between parts and none at the end"),
        ('"GET //invoices" = "any"', r"one slash between parts and none at the end"),
        ('"GET /in%76oices" = "any"', r"cannot be a part of a path"),
        ('"GET /a/../b" = "any"', r"cannot be a part of a path"),
        ('"GET /*" = "any"', r"cannot be a part of a path"),
        ('"GET /**/b" = "any"', r"cannot be a part of a path"),
        ('"GET /{Id}x" = "any"', r"cannot be a part of a path"),
        ('"* /**" = "any"\n"GET /a" = "public"', r'"GET /a": is never reached, because "\* /\*\*" stands before it'),
        ('"GET /{a}" = "any"\n"HEAD /b" = "public"', r"is never reached"),
        ('"GET /{a}" = "any"\n"GET /{b}" = "public"', r"is never reached"),
    ],
)
def test_a_faulty_line_is_named_with_what_to_write(line: str, told: str) -> None:
    with pytest.raises(GuardRoutesError, match=told):
        parse_guard_routes(f"[routes]\n{line}\n", CATALOG)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"\[routes\]: lists no route"),
        ("[routes]\n", r"\[routes\]: lists no route"),
        ("routes = 1", r"\[routes\]: lists no route"),
        ("[routes", r"not valid TOML"),
        ('[routes]\n"GET /" = "any"\n"GET /" = "public"', r"not valid TOML"),
        ('path = "/x"', r"path: is not known; a routes file has resource, scopes, identity_audience, routes"),
        ('resource = "books"\n[routes]\n"GET /" = "any"', r"resource: write the identifier"),
        ('resource = 1\n[routes]\n"GET /" = "any"', r"resource: write the identifier"),
        ('identity_audience = ""\n[routes]\n"GET /" = "any"', r"identity_audience: write what the API expects"),
    ],
)
def test_a_faulty_file_is_told_what_to_write(text: str, told: str) -> None:
    with pytest.raises(GuardRoutesError, match=told):
        parse_guard_routes(text, CATALOG)


@pytest.mark.parametrize(
    "lines",
    [
        '"GET /a" = "any"\n"POST /a" = "public"',
        '"GET /a/b" = "any"\n"GET /a/**" = "public"',
        '"HEAD /a" = "any"\n"GET /a" = "any"',
    ],
)
def test_lines_that_both_can_be_reached_stand_together(lines: str) -> None:
    assert len(parse_guard_routes(f"[routes]\n{lines}", CATALOG).routes) == 2
