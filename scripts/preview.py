"""Render a sample of every page, photograph it, and check it for accessibility. A tool for whoever works on the pages.

scripts/preview.py OUT [--axe path/to/axe.min.js] [--only NAME …]
"""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Page, Route, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "web"), str(ROOT / "tests")]

from page_samples import SAMPLES  # noqa: E402 - lives with the tests, whose path is set above

from consentry.web import browser_safety, static_files  # noqa: E402
from consentry.web.pages import render  # noqa: E402

ORIGIN = "http://localhost:8400"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


async def answer(route: Route) -> None:
    """Answer the browser from here: nothing listens, and nothing leaves the machine."""
    path = route.request.url.removeprefix(ORIGIN)
    files = {f"/static/{file.address}": file for file in static_files._BY_ADDRESS.values()}
    if path in files:
        await route.fulfill(body=files[path].content, content_type=files[path].content_type)
        return
    sample = next((sample for sample in SAMPLES if path == f"/{sample.name}"), None)
    if sample is None:
        await route.fulfill(status=404, body="")
        return
    response = render(sample.template, frame=sample.frame, view=sample.view, status=sample.status)
    headers = {"content-security-policy": browser_safety._DEFAULT_POLICY, "content-type": "text/html; charset=utf-8"}
    await route.fulfill(status=response.status_code, headers=headers, body=bytes(response.body))


async def examine(page: Page, axe: str) -> list[str]:
    """Return what is wrong with the open page: accessibility, and sideways scrolling."""
    wrong = (
        [
            f"{violation['id']}: {violation['help']}: {[node['target'] for node in violation['nodes'][:3]]}"
            for violation in (await page.evaluate(f"{axe}; axe.run()"))["violations"]
        ]
        if axe
        else []
    )
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append("scrolls sideways")
    return wrong


async def main() -> int:
    """Photograph the samples; return the number of faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--axe", type=Path)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    axe = options.axe.read_text() if options.axe else ""
    faults = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for width, scheme in ((1280, "light"), (320, "light"), (1280, "dark")):
            context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
            page = await context.new_page()
            await page.route("**/*", answer)
            said: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            for sample in SAMPLES:
                if options.only and sample.name not in options.only:
                    continue
                said.clear()
                await page.goto(f"{ORIGIN}/{sample.name}")
                complaints = [text for text in said if "404" not in text and "status of" not in text]
                for fault in [*complaints, *await examine(page, axe)]:
                    faults += 1
                    print(f"{sample.name} {width} {scheme}: {fault}")
                await page.screenshot(path=options.out / f"{sample.name}-{width}-{scheme}.png", full_page=True)
            await context.close()
        await browser.close()
    return faults


sys.exit(min(asyncio.run(main()), 100))
