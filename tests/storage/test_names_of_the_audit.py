"""The names that a page of the audit needs are asked for together."""

import pytest
from seen_statements import hearing

from app_builders import ACME, ANA, BO, add_people
from consentry.storage.events import EventStore
from consentry.storage.opening import open_database


async def test_names_are_found_by_identifier_and_the_unknown_have_none(database_url: str) -> None:
    database = open_database(database_url)
    try:
        await add_people(database)

        names = await EventStore(database).names_of(frozenset({ACME, ANA, BO, "usr_gone", "", "nothing"}))

        assert set(names) == {ACME, ANA, BO}
        assert names[ANA] == "Ana"
    finally:
        await database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_is_sent_one_statement_for_each_kind(database_url: str) -> None:
    with hearing() as seen:
        database = open_database(database_url)
        try:
            await EventStore(database).names_of(frozenset({"app_1", *(f"usr_{number}" for number in range(50))}))
        finally:
            await database.close()

    assert seen == {
        "SELECT id, name FROM apps WHERE id = ANY ($1::text[])",
        "SELECT id, name FROM users WHERE id = ANY ($1::text[])",
    }
