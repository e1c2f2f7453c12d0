"""The browser itself: were it missing or broken, this test would say so most plainly."""

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.browser
def test_chromium_shows_a_page(page: Page) -> None:
    page.set_content("<!doctype html><title>Hello</title><h1>It works</h1>")

    expect(page.get_by_role("heading", name="It works")).to_be_visible()
