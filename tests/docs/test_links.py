"""Every link from one page to another leads somewhere."""

import re
from pathlib import Path

import pytest
from docs_pages import PAGES, ROOT, name_of, prose_of

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that the usual renderers give to a page's headings."""
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(prose_of(page)):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = page if path == "" else (page.parent / path)
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_resolves(page: Path) -> None:
    assert broken_links(page) == []


def test_every_page_of_the_docs_is_in_their_index() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "README.md").read_text("utf-8")))

    assert {page.name for page in (ROOT / "docs").glob("*.md")} - listed - {"README.md"} == set()


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](page.md#one-thing) [b](page.md#another) [c](gone.md) [d](https://gone.test)\n")

    assert broken_links(page) == ["page.md#another", "gone.md"]
