"""Apps for tests, valid by default: a test changes the one thing that it speaks of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from consentry.model.acting import Acting
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.event import Actor
from consentry.model.ids import OrganisationId, UserId
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.storage.database import Database, Operation, Statement, to_micros

ACME = OrganisationId("org_00000000000000000acme1")
OTHER = OrganisationId("org_0000000000000000other1")
ANA = UserId("usr_000000000000000000ana1")
BO = UserId("usr_0000000000000000000bo1")
AT = to_micros(datetime(2026, 11, 1, tzinfo=UTC))
CALLBACK = "https://client.test/cb"

MANAGER = Acting(Actor(user_id=ANA), ACME, ANA, frozenset({"oauth_app.manage"}))
STRANGER = Acting(Actor(user_id="usr_stranger"), OTHER, UserId("usr_stranger"), frozenset({"oauth_app.manage"}))
COLLEAGUE = Acting(Actor(user_id=BO), ACME, BO, frozenset({"oauth_app.install", "audit.read"}))


def a_draft(**changes: Any) -> AppDraft:
    draft = AppDraft("Ledgerly", AppType.CONFIDENTIAL, (CALLBACK,), ("invoicing:read",), ("contacts:read",))
    return replace(draft, **changes)


def writing(*statements: Statement) -> Operation[None]:
    """Run these statements as one transaction."""
    # A generator, because the engine sends the rows back, which a list's iterator cannot take.
    yield from (statement for statement in statements)


def _user(user_id: UserId, name: str) -> Statement:
    return Statement(
        "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $2, $3, 'active', $4)",
        (user_id, f"{name.lower()}@acme.test", name, AT),
    )


def _member(organisation_id: OrganisationId, user_id: UserId, role: str) -> tuple[Statement, Statement]:
    return (
        Statement(
            "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($1, $2, 'active', $3)",
            (organisation_id, user_id, AT),
        ),
        Statement(
            "INSERT INTO member_roles (organisation_id, user_id, role) VALUES ($1, $2, $3)",
            (organisation_id, user_id, role),
        ),
    )


async def add_people(database: Database) -> None:
    """Write two organisations, Ana, who owns both, and Bo, who keeps the books of the first."""
    organisation = "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, $2, 'active', $3)"
    await database.write(
        writing,
        Statement(organisation, (ACME, "Acme", AT)),
        Statement(organisation, (OTHER, "Other", AT)),
        _user(ANA, "Ana"),
        _user(BO, "Bo"),
        *_member(ACME, ANA, "owner"),
        *_member(OTHER, ANA, "owner"),
        *_member(ACME, BO, "bookkeeper"),
    )


async def add_operator(database: Database) -> str:
    """Write an operator; return the operator's token."""
    operator_id, payload = "opr_0000000000000000000op1", Secret("s" * 43)
    sql = "INSERT INTO operators (id, name, digest, created_at) VALUES ($1, 'Op', $2, $3)"
    await database.write(writing, Statement(sql, (operator_id, digest(payload), AT)))
    return format_credential(CredentialKind.OPERATOR_TOKEN, operator_id, payload).reveal()


async def add_session(database: Database, user_id: UserId, now: datetime) -> str:
    """Write a session of the user, just begun; return the value of its cookie."""
    session_id, payload = f"{user_id[-4:]:0>22}", Secret("s" * 43)
    sql = """
    INSERT INTO sessions (id, digest, user_id, authenticated_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)
    """
    begun = to_micros(now)
    until = to_micros(now + timedelta(hours=12))
    await database.write(writing, Statement(sql, (session_id, digest(payload), user_id, begun, until)))
    return format_credential(CredentialKind.SESSION, session_id, payload).reveal()


async def add_connection(database: Database, app_id: str, connection_id: str) -> None:
    """Write a live connection of Ana to the app."""
    await database.write(
        writing,
        Statement(
            "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
            "updated_at) VALUES ($1, $2, $3, $4, 'invoicing:read', '', $5, $5)",
            (connection_id, ACME, ANA, app_id, AT),
        ),
    )
