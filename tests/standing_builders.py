"""Members, apps, connections and keys for tests, written as rows and valid by default."""

from datetime import UTC, datetime

from consentry.model.acting import Acting
from consentry.model.event import Actor
from consentry.model.ids import AppId, ConnectionId, OrganisationId, UserId
from consentry.model.membership import RoleBook
from consentry.storage.database import Database, Operation, Statement, Value, to_micros

NORTH = OrganisationId("org_000000000000000000nrth")
SOUTH = OrganisationId("org_000000000000000000soth")
AT = to_micros(datetime(2026, 11, 1, tzinfo=UTC))


async def run(database: Database, sql: str, *args: Value) -> None:
    """Run one statement that changes something."""

    def operation() -> Operation[None]:
        yield Statement(sql, args)

    await database.write(operation)


async def add_organisations(database: Database) -> None:
    for organisation_id, name in ((NORTH, "North Books"), (SOUTH, "South Books")):
        await run(
            database,
            "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, 'active', $3)",
            organisation_id,
            name,
            AT,
        )


async def add_user(database: Database, name: str) -> UserId:
    user_id = UserId(f"usr_{name:0>22}")
    await run(
        database,
        "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $2, $3, 'active', $4)",
        user_id,
        f"{name}@books.test",
        name.title(),
        AT,
    )
    return user_id


async def add_member(database: Database, organisation_id: OrganisationId, user_id: UserId, role: str) -> None:
    await run(
        database,
        "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($1, $2, 'active', $3)",
        organisation_id,
        user_id,
        AT,
    )
    await run(
        database,
        "INSERT INTO member_roles (organisation_id, user_id, role) VALUES ($1, $2, $3)",
        organisation_id,
        user_id,
        role,
    )


async def set_role(database: Database, organisation_id: OrganisationId, user_id: UserId, role: str) -> None:
    await run(
        database,
        "UPDATE member_roles SET role = $3 WHERE organisation_id = $1 AND user_id = $2",
        organisation_id,
        user_id,
        role,
    )


async def add_app(
    database: Database, organisation_id: OrganisationId, name: str, scopes: str = "contacts:read invoicing:write"
) -> AppId:
    app_id = AppId(f"app_{name:0>22}")
    await run(
        database,
        "INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, "
        "optional_scopes, require_pkce, status, created_at, updated_at) "
        "VALUES ($1, $1, $2, $3, 'confidential', 'https://app.test/cb', $4, '', 1, 'active', $5, $5)",
        app_id,
        organisation_id,
        name.title(),
        scopes,
        AT,
    )
    return app_id


async def add_connection(
    database: Database,
    number: int,
    organisation_id: OrganisationId,
    user_id: UserId,
    app_id: AppId,
    scopes: str = "invoicing:write",
) -> ConnectionId:
    connection_id = ConnectionId(f"con_{number:0>22}")
    await run(
        database,
        "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, '', $6, $6)",
        connection_id,
        organisation_id,
        user_id,
        app_id,
        scopes,
        AT,
    )
    return connection_id


def in_person(
    roles: RoleBook, user_id: UserId, organisation_id: OrganisationId, role: str, *, through: str | None = None
) -> Acting:
    """Return the user as the pages see them, holding `role`; or, with `through`, a credential of theirs."""
    return Acting(Actor(user_id, through=through), organisation_id, user_id, roles.permissions_of(role, None))
