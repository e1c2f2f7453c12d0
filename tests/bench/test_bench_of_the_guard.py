"""The benchmark does what it says; never how fast anything is, which depends on the machine."""

import asyncio
import json
from pathlib import Path

import blocking_check
import guarded_route
import httpx
import load
import pytest
from guarded_world import make_world


@pytest.mark.parametrize("product", guarded_route.PRODUCTS, ids=lambda product: product.module)
def test_a_guarded_product_asks_for_the_token_and_a_bare_one_does_not(
    product: guarded_route.Product, tmp_path: Path
) -> None:
    bearer = {"Authorization": f"Bearer {make_world(tmp_path, members=1).tokens[0]}"}

    with guarded_route.serve(product, "bare", tmp_path) as bare:
        without = httpx.get(bare.url)
    with guarded_route.serve(product, "guarded", tmp_path) as guarded:
        let_in, refused = httpx.get(guarded.url, headers=bearer), httpx.get(guarded.url)

    assert [answer.status_code for answer in (without, let_in, refused)] == [200, 200, 401]


def test_a_comparison_is_a_figure_of_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(tmp_path, members=2)
    monkeypatch.setattr(guarded_route, "ROUNDS", 1)
    monkeypatch.setattr(guarded_route, "SECONDS", 1)

    figure = guarded_route.compare(guarded_route.PRODUCTS[0], world)

    assert figure.ours > 0
    assert figure.theirs > 0
    assert figure.ratio == pytest.approx(figure.ours / figure.theirs)
    assert figure.reached == (figure.ratio >= guarded_route.TARGET)


def test_the_loop_that_stands_in_for_wrk_measures_and_stops(tmp_path: Path) -> None:
    world = make_world(tmp_path, members=2)

    with guarded_route.serve(guarded_route.PRODUCTS[0], "guarded", tmp_path) as served:
        measured = asyncio.run(load._by_loop(served.url, world.tokens, 1, 2))
        with pytest.raises(load.RefusedError, match="401"):
            asyncio.run(load._by_loop(served.url, ["wrong"], 1, 2))

    assert measured.requests_per_second > 0
    assert 0 < measured.p50 <= measured.p99


@pytest.mark.parametrize(("text", "milliseconds"), [("812.00us", 0.812), ("1.50ms", 1.5), ("2.00s", 2000.0)])
def test_the_times_that_wrk_prints_are_read(text: str, milliseconds: float) -> None:
    assert load._milliseconds(text) == pytest.approx(milliseconds)


def test_a_benchmark_prints_one_line_that_the_report_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(blocking_check, "ROUNDS", 1)
    monkeypatch.setattr(blocking_check, "CHECKS", 50)

    blocking_check.main()

    [line] = capsys.readouterr().out.splitlines()
    [figure] = json.loads(line)["figures"]
    assert figure["ours"] > 0
