"""A read by key that runs under a short name on SQLite is the same read: the same rows, found the same way."""

from pathlib import Path

import apsw
import pytest

from consentry.storage import apps, credentials, device_codes, events, operators
from consentry.storage.database import KeyedRead
from consentry.storage.sqlite import open_reader
from consentry.storage.sqlite_named_reads import NamedReads

READS = [
    pytest.param(read, id=f"{module.__name__.rpartition('.')[2]} {number}")
    for module in (apps, credentials, device_codes, events, operators)
    for number, read in enumerate(
        found
        for value in vars(module).values()
        for found in (value.values() if isinstance(value, dict) else [value])
        if isinstance(found, KeyedRead)
    )
]
SHORT = KeyedRead("SELECT o.id, o.name FROM organisations o WHERE o.id {key}")
LONG = KeyedRead("SELECT id, name FROM organisations WHERE id {key} AND standing = 'active' ORDER BY name")


@pytest.fixture
def reader(database_path: Path) -> apsw.Connection:
    writer = apsw.Connection(str(database_path))
    writer.execute("INSERT INTO organisations (id, name, standing, created_at) VALUES ('org_1', 'Acme', 'active', 1)")
    return open_reader(database_path)


@pytest.mark.parametrize("read", READS)
def test_sqlite_looks_things_up_as_it_does_for_the_whole_text(reader: apsw.Connection, read: KeyedRead) -> None:
    def plan(sql: str) -> list[object]:
        # Subqueries are numbered, otherwise in a view.
        return [
            str(step[3]).rstrip("0123456789") for step in reader.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",)).fetchall()
        ]

    assert plan(NamedReads(reader)[read]) == plan(read.for_one)


@pytest.mark.parametrize("read", [SHORT, LONG], ids=["by key alone", "by more"])
def test_the_rows_are_the_same(reader: apsw.Connection, read: KeyedRead) -> None:
    named = NamedReads(reader)

    found = {key: reader.execute(named[read], (key,)).fetchall() for key in ("org_1", "org_2")}

    assert found == {"org_1": [("org_1", "Acme")], "org_2": []}


def test_what_runs_is_short_and_the_same_each_time(reader: apsw.Connection) -> None:
    named = NamedReads(reader)

    texts = [named[credentials._FIND_ACCESS_TOKEN] for _ in range(2)]

    assert len(set(texts)) == 1
    assert len(texts[0]) < len(credentials._FIND_ACCESS_TOKEN.for_one) / 10


def test_the_reader_still_cannot_write(reader: apsw.Connection) -> None:
    assert NamedReads(reader)[SHORT] != SHORT.for_one

    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("DELETE FROM organisations")
