"""axe-core finds nothing on any page, light and dark; at 320 px nothing scrolls sideways; nothing is left unvisited."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sample_world import SampleWorld
from tour import tour

import consentry.web

# A tour of every page takes a minute, and what pages look like is nothing of the engine's.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]

AXE = Path(__file__).parents[1] / "clients" / "node" / "node_modules" / "axe-core" / "axe.min.js"
TEMPLATES = Path(consentry.web.__file__).with_name("templates")
# Parts of pages, which are no pages themselves.
PARTS = {
    "access_parts",
    "provenance",
    "app_form",
    "app_protocol",
    "connection_card",
    "focus",
    "frame",
    "key_form",
    "parts",
    "settings",
}


def faults(page: Page, axe: str) -> list[str]:
    """Return what is wrong with the open page as it looks now."""
    violations = page.evaluate(f"{axe}; axe.run()")["violations"]
    found = [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes'][:3]]}" for one in violations]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it scrolls sideways")
    return found


def test_every_page_can_be_used_by_everybody(world: SampleWorld, browser: Browser) -> None:
    axe = AXE.read_text(encoding="utf-8")
    found, seen = [], set()

    for stop in tour(world, browser):
        seen.add(stop.template)
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 320)):
            # Without motion, colours are what they will be and not on their way there.
            stop.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            stop.page.set_viewport_size({"width": width, "height": 800})
            found += [f"{stop.name}, {scheme}, {width} px: {fault}" for fault in faults(stop.page, axe)]
        stop.page.set_viewport_size({"width": 1280, "height": 800})

    assert not found, "\n".join(found)
    assert seen == {file.stem for file in TEMPLATES.glob("*.html")} - PARTS
