"""The wiring of what programs do to register apps, loaded when a server that lets them is first asked."""

from dataclasses import dataclass

from consentry.flows.client_documents import ClientDocuments, DocumentPolicy
from consentry.flows.fetch_document import FetchDocument
from consentry.flows.manage_registration import ManageRegistration
from consentry.flows.register_client import RegisterClient
from consentry.flows.registration_tokens import RegistrationTokens
from consentry.flows.sector_documents import SectorDocuments
from consentry.model.catalog import Catalog
from consentry.model.self_registered import SelfRegistrationPolicy
from consentry.ports.apps import AppStore
from consentry.ports.world import Clock, SecretSource
from consentry.settings import Settings
from consentry.storage.database import Database
from consentry.storage.registration_tokens import SqlRegistrationTokenStore
from consentry.storage.registrations import SqlRegistrationStore
from consentry.storage.throttles import SqlThrottleStore


@dataclass(frozen=True, slots=True)
class RegistrationDeeds:
    """What programs do to register apps, and operators to let them."""

    tokens: RegistrationTokens
    register: RegisterClient
    manage: ManageRegistration


def policy_of(settings: Settings) -> SelfRegistrationPolicy:
    """Return what apps that register themselves may have."""
    return SelfRegistrationPolicy(
        settings.dynamic_registration,
        settings.dynamic_registration_scopes,
        settings.dynamic_registration_redirect_hosts,
        settings.dynamic_registration_most_apps,
        settings.unused_apps_removed_after,
    )


def open_registration_deeds(
    settings: Settings,
    catalog: Catalog,
    clock: Clock,
    secrets: SecretSource,
    database: Database,
    apps: AppStore,
    sectors: SectorDocuments,
) -> RegistrationDeeds:
    """Return the deeds over the stores."""
    policy, registrations = policy_of(settings), SqlRegistrationStore(database)
    tokens = RegistrationTokens(SqlRegistrationTokenStore(database), clock, secrets)
    return RegistrationDeeds(
        tokens,
        RegisterClient(
            apps, registrations, tokens, SqlThrottleStore(database), catalog, policy, clock, secrets, sectors
        ),
        ManageRegistration(apps, registrations, catalog, policy, clock, secrets, sectors),
    )


def open_client_documents(
    settings: Settings,
    catalog: Catalog,
    clock: Clock,
    secrets: SecretSource,
    database: Database,
    apps: AppStore,
    documents: FetchDocument,
) -> ClientDocuments:
    """Return what finds apps by the documents at their client IDs."""
    return ClientDocuments(
        apps,
        SqlRegistrationStore(database),
        documents,
        SqlThrottleStore(database),
        catalog,
        policy_of(settings),
        DocumentPolicy(settings.client_id_metadata_document_bytes, settings.client_id_metadata_document_hosts),
        clock,
        secrets,
    )
