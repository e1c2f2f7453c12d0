"""Lists are read page by page, to their end."""

from consentry.cli.deeds import read_all


async def test_every_page_is_read_from_where_the_last_one_ended() -> None:
    asked: list[int | None] = []

    async def page(after: int | None) -> list[int]:
        asked.append(after)
        return [number for number in range(1, 6) if after is None or number > after][:2]

    assert await read_all(page, lambda number: number) == [1, 2, 3, 4, 5]
    assert asked == [None, 2, 4, 5]
