"""The wiring of apps that act by themselves. See wiring.py."""

from dataclasses import dataclass

from consentry.flows.app_registry import AppRegistry
from consentry.flows.authorize import Authorize
from consentry.flows.client_credentials_grant import ClientCredentialsGrant
from consentry.flows.connections import Connections
from consentry.flows.issue_tokens import TokenMint
from consentry.flows.sector_documents import SectorDocuments
from consentry.flows.service_members import ServiceMembers
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import Catalog
from consentry.model.membership import RoleBook
from consentry.ports.world import Clock, SecretSource
from consentry.storage.authorizations import SqlAuthorizationStore
from consentry.storage.database import Database
from consentry.storage.people_source import PeopleStores
from consentry.storage.service_members import SqlServiceMemberStore


@dataclass(frozen=True, slots=True)
class ServiceDeeds:
    """What administrators decide about such apps, and what the apps then get."""

    members: ServiceMembers
    grant: ClientCredentialsGrant


def open_service_deeds(
    catalog: Catalog,
    book: RoleBook,
    approvals: ApprovalBook,
    clock: Clock,
    secrets: SecretSource,
    database: Database,
    stores: PeopleStores,
    authorize: Authorize,
    mint: TokenMint,
    sectors: SectorDocuments,
) -> ServiceDeeds:
    """Return the deeds over the stores that the others use."""
    services, authorizations = SqlServiceMemberStore(database), SqlAuthorizationStore(database)
    registry = AppRegistry(stores.apps, clock, secrets, catalog, sectors)
    connections = Connections(stores.connections, book, clock, secrets)
    return ServiceDeeds(
        ServiceMembers(services, authorizations, registry, connections, catalog, clock, secrets),
        ClientCredentialsGrant(authorize, authorizations, stores.credentials, services, mint, approvals, book, clock),
    )
