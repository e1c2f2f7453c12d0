"""Lists are read and written page by page, to their end."""

import json

import pytest

from consentry.cli.deeds import pages_of
from consentry.cli.shown_list import ShownList


async def test_every_page_is_read_from_where_the_last_one_ended() -> None:
    asked: list[int | None] = []

    async def page(after: int | None) -> list[int]:
        asked.append(after)
        return [number for number in range(1, 6) if after is None or number > after][:2]

    assert [read async for read in pages_of(page, lambda number: number)] == [[1, 2], [3, 4], [5]]
    assert asked == [None, 2, 4, 5]


@pytest.mark.parametrize("pages", [[], [[1]], [[1, 2], [3]], [[1], [], [2]]], ids=str)
def test_json_is_one_array_on_one_line_whatever_the_pages(
    pages: list[list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = ShownList(as_json=True)

    for page in pages:
        shown.add([{"id": one} for one in page])
    shown.end()

    out = capsys.readouterr().out
    assert json.loads(out) == [{"id": one} for page in pages for one in page]
    assert out.count("\n") == 1
    assert out.endswith("\n")


def test_a_page_is_written_before_the_next_one_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ShownList(as_json=True)

    shown.add([{"id": "first"}])

    assert capsys.readouterr().out == '[{"id": "first"}'


def test_a_table_has_one_heading_and_its_columns_stay_where_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ShownList(as_json=False)

    shown.add([{"id": "usr_1", "email": "ana.maria.oliveira@acme.test", "standing": "active"}])
    shown.add([{"id": "usr_2", "email": "bo@acme.test", "standing": "suspended"}])
    shown.end()

    head, first, second = capsys.readouterr().out.splitlines()
    assert head.index("Standing") == first.index("active") == second.index("suspended")
    assert head.split() == ["ID", "Email", "Standing"]


def test_an_identifier_longer_than_those_before_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    shown, long = ShownList(as_json=False), "app_" + "x" * 60

    shown.add([{"id": "app_1", "name": "Short"}])
    shown.add([{"id": long, "name": "Long"}])

    assert long in capsys.readouterr().out
