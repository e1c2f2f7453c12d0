"""The wiring of what people and operators do: accounts, apps, keys, connections, explanations. See wiring.py."""

from dataclasses import dataclass

from consentry.flows.access_reach import AccessReach
from consentry.flows.api_keys import ApiKeys
from consentry.flows.app_registry import AppRegistry
from consentry.flows.app_secrets import AppSecrets
from consentry.flows.audit import Audit
from consentry.flows.connections import Connections
from consentry.flows.explain_access import ExplainAccess
from consentry.flows.members import Members
from consentry.flows.organisations import Organisations
from consentry.flows.people import People
from consentry.flows.roles import Roles
from consentry.flows.sector_documents import SectorDocuments
from consentry.flows.users import Users
from consentry.model.api_key import ApiKeyPolicy
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import Catalog
from consentry.model.membership import RoleBook
from consentry.ports.sign_in import Passwords
from consentry.ports.world import Clock, SecretSource
from consentry.settings import Settings
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.app_secrets import SqlAppSecretStore
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from consentry.storage.people_source import PeopleStores


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleDeeds:
    """The deeds that no program's call needs."""

    people: People
    audit: Audit
    app_registry: AppRegistry
    app_secrets: AppSecrets
    connections: Connections
    api_keys: ApiKeys
    explain_access: ExplainAccess
    access_reach: AccessReach


def open_people_deeds(
    settings: Settings,
    catalog: Catalog,
    book: RoleBook,
    approvals: ApprovalBook,
    clock: Clock,
    secrets: SecretSource,
    passwords: Passwords,
    database: Database,
    stores: PeopleStores,
    sectors: SectorDocuments,
) -> PeopleDeeds:
    """Return these deeds over the stores that the others use."""
    organisations, users = stores.organisations, stores.users
    members, roles, apps = stores.members, stores.roles, stores.apps
    return PeopleDeeds(
        people=People(
            Organisations(organisations, clock, secrets),
            Users(users, passwords, clock, secrets),
            Members(members, roles, organisations, book, clock, secrets),
            Roles(roles, organisations, book, clock, secrets),
            members,
        ),
        audit=Audit(EventStore(database)),
        app_registry=AppRegistry(apps, clock, secrets, catalog, sectors),
        app_secrets=AppSecrets(apps, SqlAppSecretStore(database), clock, secrets, settings.max_secrets_per_app),
        connections=Connections(stores.connections, book, clock, secrets),
        api_keys=ApiKeys(
            SqlApiKeyStore(database),
            members,
            book,
            clock,
            secrets,
            ApiKeyPolicy(settings.api_key_default_lifetime, settings.api_keys_may_never_expire),
        ),
        explain_access=ExplainAccess(stores.credentials, stores.explanations, approvals, book, clock),
        access_reach=AccessReach(stores.explanations, organisations, roles, approvals, book, clock),
    )
