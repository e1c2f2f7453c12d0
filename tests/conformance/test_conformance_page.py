"""docs/conformance.md says what the tests say, and nothing else."""

from pathlib import Path

import pytest
from conformance_page import conformance_page, shown_by, unknown_statements
from shown import ShownTest, read_tests, shown_in
from statements import Reference, Specification, Statement, names_of, parse_reference, read_specifications

PAGE = Path(__file__).parent.parent.parent / "docs" / "conformance.md"
NAMES = {"openid connect core": "OpenID Connect Core", "oidc core": "OpenID Connect Core", "rfc 7636": "RFC 7636"}


def test_the_page_is_as_the_tests_are() -> None:
    assert PAGE.read_text("utf-8") == conformance_page(), "stale: run .venv/bin/python scripts/write_conformance.py"


def test_no_test_claims_a_statement_that_there_is_not() -> None:
    specifications = read_specifications()

    assert unknown_statements(specifications, read_tests(names_of(specifications))) == []


def test_every_statement_is_one_sentence_or_two_and_stands_once() -> None:
    for specification in read_specifications():
        said = [statement.says for statement in specification.statements]
        assert len(set(said)) == len(said), specification.name
        assert all(text.endswith(".") and "|" not in text for text in said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RFC 7636 §4.6", Reference("RFC 7636", "4.6")),
        ("RFC 7636 §4.6 compared", Reference("RFC 7636", "4.6", "compared")),
        ("RFC 7636 §B example", Reference("RFC 7636", "B", "example")),
        ("OIDC Core §3.1.2.1 max-age", Reference("OpenID Connect Core", "3.1.2.1", "max-age")),
        ("OpenID Connect Core 1.0 §2", Reference("OpenID Connect Core", "2")),
        ("RFC 7517 §4", Reference("RFC 7517", "4")),
        ("RFC 7636", None),
        ("§4", None),
    ],
)
def test_a_reference_is_read(text: str, expected: Reference | None) -> None:
    assert parse_reference(text, NAMES) == expected


def test_a_test_shows_what_its_marks_its_cases_and_its_docstring_say() -> None:
    source = '''
pytestmark = [pytest.mark.clients, pytest.mark.shows("RFC 7636 §1")]

@pytest.mark.shows("RFC 7636 §4.6 compared", "nonsense")
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.shows("RFC 7636 §4.2"))])
@pytest.mark.interop("a client", "refresh", "PKCE")
async def test_one():
    """It holds. RFC 7636 §4.4.1, OIDC Core §2."""
'''

    [test] = shown_in(source, "tests/test_x.py", NAMES)

    assert [(reference.section, reference.word) for reference in test.references] == [
        ("1", None),
        ("4.6", "compared"),
        ("4.2", None),
        ("4.4.1", None),
        ("2", None),
    ]
    assert test.interop == (("a client", "refresh"), ("a client", "PKCE"))
    assert test.unreadable == ("nonsense",)


def test_a_section_alone_shows_its_statement_only_where_there_is_one() -> None:
    specification = Specification(
        "S", "S", "", (), (Statement("1", "only", "."), Statement("2", "a", "."), Statement("2", "b", "."))
    )
    test = ShownTest("f", "test_t", (Reference("S", "1"), Reference("S", "2"), Reference("S", "2", "b")))

    assert set(shown_by(specification, [test])) == {
        Reference("S", "1", "only"),
        Reference("S", "2"),
        Reference("S", "2", "b"),
    }
    unknown = ShownTest("f", "test_t", (Reference("S", "2", "c"),))
    assert unknown_statements([specification], [test, unknown]) == ["f: test_t: S §2 c"]
