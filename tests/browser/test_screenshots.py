"""A picture of each page. `SCREENSHOTS=docs/images` keeps them there; without it they are looked at and forgotten."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from png import is_blank, smaller
from sample_world import SampleWorld
from tour import tour

# A tour of every page takes a minute, and what pages look like is nothing of the engine's.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)]

TALLEST = 800
# The consent screen is shown down to its buttons.
TALLEST_CONSENT = 1500
BIGGEST = 150_000


def test_every_page_shows_something(world: SampleWorld, browser: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    for stop in tour(world, browser):
        stop.page.evaluate("window.scrollTo(0, 0)")
        stop.page.evaluate("document.activeElement && document.activeElement.blur()")
        tallest = TALLEST_CONSENT if stop.template == "consent" else TALLEST
        height = stop.page.evaluate("document.documentElement.scrollHeight")
        picture = smaller(
            stop.page.screenshot(
                full_page=True,
                animations="disabled",
                clip={"x": 0, "y": 0, "width": 1280, "height": min(height, tallest)},
            )
        )
        (folder / f"{stop.name}.png").write_bytes(picture)
        assert not is_blank(picture), stop.name
        # Other fonts make other sizes: only what is to be kept must be small.
        assert len(picture) < BIGGEST or folder == tmp_path, f"{stop.name}: {len(picture)} bytes"
        assert stop.page.locator("h1").inner_text().strip(), stop.name
