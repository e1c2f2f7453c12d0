"""People for tests: the deeds over a real database, with password hashes that cost almost nothing."""

from dataclasses import dataclass, field
from datetime import timedelta

from consentry.flows.audit import Audit
from consentry.flows.members import Members
from consentry.flows.operators import Operators
from consentry.flows.organisations import Organisations
from consentry.flows.people import People
from consentry.flows.resource_servers import ResourceServers
from consentry.flows.roles import Roles
from consentry.flows.sign_in import SignIn
from consentry.flows.users import Users
from consentry.model.acting import Acting, member, operator
from consentry.model.catalog import Catalog
from consentry.model.ids import OrganisationId, UserId
from consentry.model.membership import RoleBook
from consentry.model.secret import Secret
from consentry.password_hashing import Argon2Passwords, HashingCost
from consentry.secret_source import SystemSecretSource
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from consentry.storage.members import SqlMemberStore, SqlRoleStore
from consentry.storage.operators import SqlOperatorStore, SqlResourceStore
from consentry.storage.organisations import SqlOrganisationStore
from consentry.storage.sessions import SqlSessionStore
from consentry.storage.throttles import SqlThrottleStore
from consentry.storage.users import SqlUserStore
from small_world import FixedClock

OPERATOR = operator("opr_000000000000000tests1")
PASSWORD = Secret("correct horse battery")
QUICK = HashingCost(passes=1, memory_kibibytes=8, lanes=1)


@dataclass(slots=True)
class CountingPasswords:
    """The real hashes, quick, and a count of how often one was computed."""

    quick: Argon2Passwords = field(default_factory=lambda: Argon2Passwords(QUICK))
    verified: int = 0

    async def hash(self, password: Secret) -> str:
        return await self.quick.hash(password)

    async def verify(self, stored: str | None, given: Secret) -> bool:
        self.verified += 1
        return await self.quick.verify(stored, given)


@dataclass(frozen=True, slots=True)
class World:
    """Everything about people, over one database."""

    database: Database
    clock: FixedClock
    people: People
    operators: Operators
    resources: ResourceServers
    sign_in: SignIn
    passwords: CountingPasswords
    book: RoleBook
    audit: Audit

    async def add_organisation(self, name: str = "Acme Books") -> OrganisationId:
        return (await self.people.organisations.create(OPERATOR, name)).id

    async def add_user(self, email: str = "ana@acme.test") -> UserId:
        return (await self.people.users.create(OPERATOR, email, password=PASSWORD)).id

    async def add_member(self, organisation_id: OrganisationId, email: str, *roles: str) -> UserId:
        user_id = await self.add_user(email)
        await self.people.members.set(OPERATOR, organisation_id, user_id, roles)
        return user_id

    async def held(self, organisation_id: OrganisationId, user_id: UserId) -> frozenset[str]:
        holder = await self.people.find_holder(organisation_id, user_id)
        return frozenset() if holder is None else self.book.held_by(holder)

    async def acting(self, organisation_id: OrganisationId, user_id: UserId) -> Acting:
        """The acting record of a member, with what is held now."""
        return member(user_id, organisation_id, await self.held(organisation_id, user_id))


def build_world(database: Database, clock: FixedClock, catalog: Catalog) -> World:
    secrets, book, passwords = SystemSecretSource(clock), RoleBook(catalog), CountingPasswords()
    organisations, users = SqlOrganisationStore(database), SqlUserStore(database)
    members, roles = SqlMemberStore(database), SqlRoleStore(database)
    people = People(
        Organisations(organisations, clock, secrets),
        Users(users, passwords, clock, secrets),
        Members(members, roles, organisations, book, clock, secrets),
        Roles(roles, organisations, book, clock, secrets),
        members,
    )
    sign_in = SignIn(
        users,
        SqlSessionStore(database),
        SqlThrottleStore(database),
        passwords,
        clock,
        secrets,
        session_idle=timedelta(hours=12),
    )
    return World(
        database,
        clock,
        people,
        Operators(SqlOperatorStore(database), clock, secrets),
        ResourceServers(SqlResourceStore(database), clock, secrets),
        sign_in,
        passwords,
        book,
        Audit(EventStore(database)),
    )
