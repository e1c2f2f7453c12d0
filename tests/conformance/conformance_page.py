"""Writes `docs/conformance.md`: each statement of the specifications, and the tests that show it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from shown import ShownTest, read_tests
from statements import Reference, Specification, names_of, read_specifications

AT_MOST = 4  # tests named beside one statement: the page is for reading

HEAD = """# Conformance

What each specification asks of the server, in our own words, and the tests that show it. A statement that no test
names is **not shown**; that says nothing more than it says. Statements for clients are left out, and so is what
Consentry does not do. The choice of statements is ours, too: where one is missing, add it, and see it not shown.

This page is written from the tests by `scripts/write_conformance.py`: do not edit it. A test names what it shows by
`@pytest.mark.shows("RFC 7636 §4.6 compared")`: specification, section, and the word that stands beside the statement
here. The statements are in `tests/conformance/musts/`.

How to run the OpenID Foundation's own suite against a checkout:
[examples/conformance](../examples/conformance/README.md).

"""


def conformance_page() -> str:
    """The page as the tree's tests and statements are now."""
    specifications = read_specifications()
    tests = read_tests(names_of(specifications))
    return "\n".join([HEAD.rstrip() + "\n", *_pages(specifications, tests)])


def shown_by(specification: Specification, tests: Iterable[ShownTest]) -> dict[Reference, list[ShownTest]]:
    """The tests of each statement and each section.

    A test that names a section alone shows its statement where the section has one, and else the section as a whole.
    """
    words: defaultdict[str, list[str]] = defaultdict(list)
    for statement in specification.statements:
        words[statement.section].append(statement.word)
    found: defaultdict[Reference, list[ShownTest]] = defaultdict(list)
    for test in tests:
        for reference in test.references:
            if reference.specification != specification.name:
                continue
            whole = reference.word is None and len(words[reference.section]) == 1
            word = words[reference.section][0] if whole else reference.word
            found[Reference(specification.name, reference.section, word)].append(test)
    return found


def unknown_statements(specifications: Sequence[Specification], tests: Iterable[ShownTest]) -> list[str]:
    """What tests claim to show that no list of statements has."""
    known = {
        Reference(one.name, statement.section, statement.word) for one in specifications for statement in one.statements
    }
    return [
        f"{test.file}: {test.name}: {reference.specification} §{reference.section} {reference.word}"
        for test in tests
        for reference in test.references
        if reference.word is not None and reference not in known
    ] + [f"{test.file}: {test.name}: {text}" for test in tests for text in test.unreadable]


def _pages(specifications: Sequence[Specification], tests: Sequence[ShownTest]) -> list[str]:
    lines = ["| specification | shown | of |", "|---|---|---|"]
    chapters = []
    for specification in specifications:
        found = shown_by(specification, tests)
        rows = _rows(specification, found)
        shown = sum(Reference(specification.name, one.section, one.word) in found for one in specification.statements)
        link = f"[{_heading(specification)}](#{_anchor(_heading(specification))})"
        lines.append(f"| {link} | {shown} | {len(specification.statements)} |")
        chapters += [f"\n## {_heading(specification)}\n", f"<{specification.url}>\n", *rows]
    return [*lines, *_interop(tests), *chapters, ""]


def _rows(specification: Specification, found: dict[Reference, list[ShownTest]]) -> list[str]:
    lines = ["| section | the server | shown by |", "|---|---|---|"]
    for statement in specification.statements:
        tests = found.get(Reference(specification.name, statement.section, statement.word), [])
        shown = _links(tests) if tests else "**not shown**"
        lines.append(f"| §{statement.section} `{statement.word}` | {statement.says} | {shown} |")
    wholes = [(reference, tests) for reference, tests in found.items() if reference.word is None]
    if wholes:
        lines.append("\nTests that name a section, and no single statement of it:\n")
        lines += [f"- §{reference.section}: {_links(tests)}" for reference, tests in sorted(wholes, key=_by_section)]
    return lines


def _interop(tests: Sequence[ShownTest]) -> list[str]:
    """Which client libraries, none of them ours, do what with the server."""
    found: defaultdict[str, defaultdict[str, list[ShownTest]]] = defaultdict(lambda: defaultdict(list))
    for test in tests:
        for client, feature in test.interop:
            found[feature][client].append(test)
    clients = sorted({client for by_client in found.values() for client in by_client})
    lines = ["\n## Client libraries\n", "What libraries that we did not write do with the server, in tests.\n"]
    lines += [f"| | {' | '.join(clients)} |", f"|---|{'---|' * len(clients)}"]
    for feature, by_client in sorted(found.items()):
        cells = [f"[yes](../{by_client[client][0].file})" if client in by_client else "" for client in clients]
        lines.append(f"| {feature} | {' | '.join(cells)} |")
    return lines


def _links(tests: Sequence[ShownTest]) -> str:
    links = [f"[{_sentence(test)}](../{test.file})" for test in tests[:AT_MOST]]
    more = len(tests) - AT_MOST
    return "; ".join(links) + (f"; and {more} more" if more > 0 else "")


def _sentence(test: ShownTest) -> str:
    return test.name.removeprefix("test_").replace("_", " ")


def _by_section(item: tuple[Reference, list[ShownTest]]) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else 99, part) for part in item[0].section.split(".")]


def _heading(specification: Specification) -> str:
    return (
        specification.title
        if specification.title.startswith(specification.name)
        else f"{specification.name}: {specification.title}"
    )


def _anchor(heading: str) -> str:
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "_- ")
    return kept.replace(" ", "-")
