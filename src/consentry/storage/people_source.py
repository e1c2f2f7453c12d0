"""The one place where it is chosen where people come from: our tables, a view, or an object of the product's."""

from dataclasses import dataclass

from consentry.ports.connections import ConnectionStore
from consentry.ports.credentials import CredentialStore
from consentry.ports.directory import LiveDirectory
from consentry.ports.explanations import ExplanationStore
from consentry.storage.apps import SqlAppStore
from consentry.storage.asked_people import (
    AskedConnectionStore,
    AskedExplanationStore,
    AskedMemberStore,
    PresentHolders,
)
from consentry.storage.connections import SqlConnectionStore
from consentry.storage.credentials_source import credentials_of_people
from consentry.storage.database import Database
from consentry.storage.explanations import SqlExplanationStore
from consentry.storage.members import SqlMemberStore, SqlRoleStore
from consentry.storage.organisations import SqlOrganisationStore
from consentry.storage.users import SqlUserStore
from consentry.storage.view_people import (
    Adoption,
    ViewAppStore,
    ViewMemberStore,
    ViewOrganisationStore,
    ViewRoleStore,
    ViewUserStore,
)
from consentry.storage.view_source import ViewDatabase


@dataclass(frozen=True, slots=True)
class PeopleStores:
    """Every store that tells who people are, or what they hold."""

    organisations: SqlOrganisationStore
    users: SqlUserStore
    members: SqlMemberStore
    roles: SqlRoleStore
    apps: SqlAppStore
    credentials: CredentialStore
    connections: ConnectionStore
    explanations: ExplanationStore


def stores_of_people(database: Database, directory: LiveDirectory | None) -> PeopleStores:
    """Return the stores over the view that the database was opened through, the product's object, or our tables.

    Raises ValueError for a view and an object at once: one of them must be the truth.
    """
    organisations, users = SqlOrganisationStore(database), SqlUserStore(database)
    credentials = credentials_of_people(database, directory)
    if directory is not None:
        present = PresentHolders(directory)
        return PeopleStores(
            organisations,
            users,
            AskedMemberStore(database, present),
            SqlRoleStore(database),
            SqlAppStore(database),
            credentials,
            AskedConnectionStore(database, present),
            AskedExplanationStore(database, present),
        )
    connections, explanations = SqlConnectionStore(database), SqlExplanationStore(database)
    if isinstance(database, ViewDatabase):
        adoption = Adoption(database)
        return PeopleStores(
            ViewOrganisationStore(database, adoption),
            ViewUserStore(database, adoption),
            ViewMemberStore(database, adoption),
            ViewRoleStore(database),
            ViewAppStore(database, adoption),
            credentials,
            connections,
            explanations,
        )
    members, roles, apps = SqlMemberStore(database), SqlRoleStore(database), SqlAppStore(database)
    return PeopleStores(organisations, users, members, roles, apps, credentials, connections, explanations)
