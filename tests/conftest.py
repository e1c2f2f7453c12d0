"""What every test can have: a migrated database of its own, a clock that stands still, and a small catalog."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consentry.model.catalog import Catalog, parse_catalog
from consentry.secret_source import SystemSecretSource
from consentry.storage.schema import migrate_sqlite
from consentry.storage.sqlite import SqliteDatabase

SMALL_CATALOG = """
[permissions]
"invoice.read" = "See invoices"
"invoice.write" = "Create and edit invoices"
"invoice.send" = "Send invoices"
"client.read" = "See contacts"
"client.write" = "Create and edit contacts"
"payment_instruction.write" = { title = "Change where money is paid", sensitive = true }

[scopes."invoicing:read"]
title = "See your invoices"
permissions = ["invoice.read"]

[scopes."invoicing:write"]
title = "Create, edit and send your invoices"
permissions = ["invoice.write", "invoice.send"]
implies = ["invoicing:read"]

[scopes."contacts:read"]
title = "See your contacts"
permissions = ["client.read"]

[scopes."contacts:write"]
title = "Create and edit your contacts"
permissions = ["client.write"]
implies = ["contacts:read"]

[roles.owner]
title = "Owner"
permissions = ["*"]

[roles.bookkeeper]
title = "Bookkeeper"
permissions = ["invoice.read", "invoice.write", "client.read", "oauth_app.install", "api_key.create"]

[roles.reader]
title = "Read-only"
permissions = ["invoice.read", "client.read"]
"""


class FixedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.present = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    def pass_time(self, span: timedelta) -> None:
        self.present += span


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def secret_source(clock: FixedClock) -> SystemSecretSource:
    return SystemSecretSource(clock)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return parse_catalog(SMALL_CATALOG)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "template.sqlite3"
    migrate_sqlite(path)
    return path


@pytest.fixture
def database_path(migrated_file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "consentry.sqlite3"
    shutil.copy(migrated_file, path)
    return path


@pytest.fixture
async def database(database_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(database_path)
    yield opened
    await opened.close()
