"""Apps for tests, valid by default: a test changes the one thing that it speaks of."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from consentry.model.acting import Acting
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.event import Actor
from consentry.model.ids import OrganisationId, UserId
from consentry.storage.database import Operation, Statement, to_micros
from consentry.storage.sqlite import SqliteDatabase

ACME = OrganisationId("org_00000000000000000acme1")
OTHER = OrganisationId("org_0000000000000000other1")
ANA = UserId("usr_000000000000000000ana1")
AT = to_micros(datetime(2026, 11, 1, tzinfo=UTC))
CALLBACK = "https://client.test/cb"

MANAGER = Acting(Actor(user_id=ANA), ACME, ANA, frozenset({"oauth_app.manage"}))
STRANGER = Acting(Actor(user_id="usr_stranger"), OTHER, UserId("usr_stranger"), frozenset({"oauth_app.manage"}))
COLLEAGUE = Acting(Actor(user_id="usr_bo"), ACME, UserId("usr_bo"), frozenset({"oauth_app.install", "audit.read"}))


def a_draft(**changes: Any) -> AppDraft:
    draft = AppDraft("Ledgerly", AppType.CONFIDENTIAL, (CALLBACK,), ("invoicing:read",), ("contacts:read",))
    return replace(draft, **changes)


def _writing(statements: list[Statement]) -> Operation[None]:
    # A generator, because the engine sends the rows back, which a list's iterator cannot take.
    yield from (statement for statement in statements)


async def add_people(database: SqliteDatabase) -> None:
    """Write two organisations, and Ana, who is an owner of the first."""
    organisation = "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, 'active', $3)"
    await database.write(
        _writing,
        [
            Statement(organisation, (ACME, "Acme", AT)),
            Statement(organisation, (OTHER, "Other", AT)),
            Statement(
                "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $2, $3, 'active', $4)",
                (ANA, "ana@acme.test", "Ana", AT),
            ),
            Statement(
                "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($1, $2, 'active', $3)",
                (ACME, ANA, AT),
            ),
            Statement(
                "INSERT INTO member_roles (organisation_id, user_id, role) VALUES ($1, $2, 'owner')", (ACME, ANA)
            ),
        ],
    )


async def add_connection(database: SqliteDatabase, app_id: str, connection_id: str) -> None:
    """Write a live connection of Ana to the app."""
    await database.write(
        _writing,
        [
            Statement(
                "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
                "updated_at) VALUES ($1, $2, $3, $4, 'invoicing:read', '', $5, $5)",
                (connection_id, ACME, ANA, app_id, AT),
            )
        ],
    )
