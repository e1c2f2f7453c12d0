"""A real Chromium for the tests that look at pages as people do. Where there is none they fail: they never skip."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from sample_world import SampleWorld, serve_sample_world

CHROMIUM_FLAGS = (
    "--no-sandbox",  # Chromium's own sandbox refuses to run as root, as tests in containers do
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# For a module, not the session: while Playwright's synchronous driver lives, no asynchronous test can run beside it.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver. Tests that use it are synchronous."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, without a window; `CHROMIUM` in the environment names another."""
    name = os.environ.get("CHROMIUM", "chromium")
    executable = shutil.which(name)
    assert executable is not None, f"There is no {name} to drive. Run: scripts/setup tests"
    chromium = playwright.chromium.launch(executable_path=executable, headless=True, args=list(CHROMIUM_FLAGS))
    yield chromium
    chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own: no cookies, British English, nothing shared with another test."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleWorld]:
    """The sample world: Consentry, its people, the product's API and web apps, all over real HTTP."""
    with serve_sample_world(module_database_url, tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A page in a browser that runs no JavaScript."""
    context = browser.new_context(locale="en-GB", java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
