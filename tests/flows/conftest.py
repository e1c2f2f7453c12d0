"""Apps and their secrets, on a real database."""

import pytest

from app_builders import add_people
from consentry.flows.app_registry import AppRegistry
from consentry.flows.app_secrets import AppSecrets
from consentry.flows.sector_documents import SectorDocuments
from consentry.model.catalog import Catalog
from consentry.outbound import PublicOutbound
from consentry.secret_source import SystemSecretSource
from consentry.storage.app_secrets import SqlAppSecretStore
from consentry.storage.apps import SqlAppStore
from consentry.storage.database import Database
from small_world import FixedClock


@pytest.fixture
async def registry(
    database: Database, clock: FixedClock, secret_source: SystemSecretSource, catalog: Catalog
) -> AppRegistry:
    await add_people(database)
    return AppRegistry(SqlAppStore(database), clock, secret_source, catalog, SectorDocuments(PublicOutbound()))


@pytest.fixture
def app_secrets(
    registry: AppRegistry, database: Database, clock: FixedClock, secret_source: SystemSecretSource
) -> AppSecrets:
    return AppSecrets(registry.apps, SqlAppSecretStore(database), clock, secret_source)
