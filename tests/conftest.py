"""What every test can have: a migrated database of its own, a clock that stands still, and a small catalog."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from app_builders import add_people
from conformance_server import ConformanceServer, running_conformance_server
from consentry.model.catalog import Catalog, parse_catalog
from consentry.secret_source import SystemSecretSource
from consentry.storage.database import Database
from consentry.storage.opening import open_database
from consentry.storage.schema import migrate_sqlite
from consentry.wiring import Deeds
from live_server import Site, people, serve_site
from postgres_server import PostgresServer, running_server
from protocol_world import ProtocolWorld, build_protocol_world
from site_client import open_small_deeds
from small_world import SMALL_CATALOG, FixedClock


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of the test's own, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('database_path')}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def own_database_url(request: pytest.FixtureRequest, engine: str) -> Iterator[str]:
    """The URL of a migrated database on `engine` whose tables may be changed, because nobody gets it afterwards."""
    if engine == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('database_path')}"
        return
    with request.getfixturevalue("postgres").new_database() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def deeds(database_url: str, tmp_path: Path) -> AsyncIterator[Deeds]:
    """Everything wired up over a database with the two organisations of Ana and Bo, once on each engine."""
    opened = open_small_deeds(database_url, tmp_path)
    await add_people(opened.database)
    yield opened
    await opened.database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A migrated database for the tests of a module, once on each engine."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("database") / "consentry.sqlite3"
        shutil.copy(migrated_file, path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lend_database(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[str]]:
    """Return what lends a migrated database each time that it is called, once on each engine."""

    @contextmanager
    def lend_file() -> Iterator[str]:
        path = tmp_path_factory.mktemp("database") / "consentry.sqlite3"
        shutil.copy(migrated_file, path)
        yield f"sqlite:///{path}"

    if request.param == "sqlite":
        return lend_file
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database


@pytest.fixture(scope="module")
def site(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Consentry over real HTTP, for a module: its tests add people and apps of their own where they change things."""
    with serve_site(module_database_url, tmp_path_factory.mktemp("site"), SMALL_CATALOG) as served:
        yield people(served)


@pytest.fixture(scope="session")
def conformance_server(
    lend_database: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConformanceServer]:
    """The server of examples/conformance, over https, once on each engine."""
    with lend_database() as url:
        environ = {"CONSENTRY_DATABASE_URL": url, "CONSENTRY_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}
        with running_conformance_server(tmp_path_factory.mktemp("conformance"), environ=environ) as running:
            yield running


@pytest.fixture
async def protocol(database_url: str, tmp_path: Path, clock: FixedClock) -> AsyncIterator[ProtocolWorld]:
    world = await build_protocol_world(tmp_path / "consentry.sqlite3", clock, database_url=database_url)
    yield world
    await world.deeds.database.close()
