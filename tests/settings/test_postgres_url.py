"""The parameters of our own in a PostgreSQL URL: read, kept from the driver, and refused where they cannot be used."""

import pytest

from consentry.postgres_url import PostgresUrl, parse_postgres_url
from consentry.settings import SettingsError, load_settings

ADDRESS = "postgresql://consentry:pass%40word@db1.example.com:5432,db2.example.com:5433/consentry"


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("", PostgresUrl(ADDRESS)),
        ("?sslmode=verify-full", PostgresUrl(f"{ADDRESS}?sslmode=verify-full")),
        ("?pool=4", PostgresUrl(ADDRESS, pool=4)),
        ("?pgbouncer=true", PostgresUrl(ADDRESS, pgbouncer=True)),
        ("?pgbouncer=false", PostgresUrl(ADDRESS)),
        (
            "?sslmode=require&pool=200&host=/run/a,/run/b&pgbouncer=true",
            PostgresUrl(f"{ADDRESS}?sslmode=require&host=/run/a,/run/b", 200, pgbouncer=True),
        ),
    ],
)
def test_our_parameters_are_read_and_the_driver_gets_the_rest(query: str, understood: PostgresUrl) -> None:
    assert parse_postgres_url(ADDRESS + query) == understood


@pytest.mark.parametrize("query", ["pool=1", "pool=201", "pool=many", "pool=", "pool=٣", "pgbouncer=yes", "pgbouncer="])
def test_a_value_that_cannot_be_used_is_refused_without_repeating_the_password(query: str) -> None:
    environ = {
        "CONSENTRY_DATABASE_URL": f"{ADDRESS}?{query}",
        "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuv",
    }

    with pytest.raises(SettingsError, match=query.partition("=")[0]) as fault:
        load_settings(None, environ)

    assert "pass" not in str(fault.value)
