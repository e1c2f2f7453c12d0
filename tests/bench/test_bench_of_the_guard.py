"""The benchmark does what it says; never how fast anything is, which depends on the machine."""

import asyncio
import re
from pathlib import Path

import guarded_route
import httpx
import load
import pytest
from guarded_world import make_world

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")


@pytest.mark.parametrize("product", guarded_route.PRODUCTS, ids=lambda product: product.module)
def test_a_guarded_product_asks_for_the_token_and_a_bare_one_does_not(
    product: guarded_route.Product, tmp_path: Path
) -> None:
    world = make_world(tmp_path)
    bearer = {"Authorization": f"Bearer {world.token}"}

    with guarded_route.serve(product, "bare", tmp_path) as bare:
        without = httpx.get(bare)
    with guarded_route.serve(product, "guarded", tmp_path) as guarded:
        let_in, refused = httpx.get(guarded, headers=bearer), httpx.get(guarded)

    assert [answer.status_code for answer in (without, let_in, refused)] == [200, 200, 401]


def test_the_loop_that_stands_in_for_wrk_measures_and_stops(tmp_path: Path) -> None:
    world = make_world(tmp_path)

    with guarded_route.serve(guarded_route.PRODUCTS[0], "guarded", tmp_path) as url:
        measured = asyncio.run(load._by_loop(url, world.token, 1, 2))
        with pytest.raises(load.RefusedError, match="401"):
            asyncio.run(load._by_loop(url, "wrong", 1, 2))

    assert measured.requests_per_second > 0
    assert 0 < measured.p50 <= measured.p99


@pytest.mark.parametrize(("text", "milliseconds"), [("812.00us", 0.812), ("1.50ms", 1.5), ("2.00s", 2000.0)])
def test_the_times_that_wrk_prints_are_read(text: str, milliseconds: float) -> None:
    assert load._milliseconds(text) == pytest.approx(milliseconds)


def test_the_page_has_every_product() -> None:
    rows = re.findall(r"^\| ([^|]+) \| [\d,]+ \|", PAGE, re.MULTILINE)

    assert rows == [product.name for product in guarded_route.PRODUCTS]
