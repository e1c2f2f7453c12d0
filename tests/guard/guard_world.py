"""One organisation's member with a connected app and an API key, in front of a guarded API, over one database file."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app_builders import writing
from consentry.guard import Guard
from consentry.guard.blocking import BlockingGuard
from consentry.model.acting import operator
from consentry.model.api_key import KeyDraft, KeyOwner
from consentry.model.app import AppType
from consentry.model.app_draft import AppDraft
from consentry.model.ids import ApiKeyId, AppId, ConnectionId, OrganisationId, UserId
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.settings import Settings
from consentry.storage.database import Statement, to_micros
from consentry.wiring import Deeds, open_deeds
from people_builders import CountingPasswords
from small_world import SMALL_CATALOG, FixedClock

OPERATOR = operator("opr_000000000000000guard1")


@dataclass
class GuardWorld:
    """Ana keeps the books of North as `bookkeeper`, and connected the app Ledgerly with `invoicing:write`."""

    settings: Settings
    deeds: Deeds
    guard: Guard
    blocking: BlockingGuard
    clock: FixedClock
    organisation_id: OrganisationId
    user_id: UserId
    app_id: AppId
    connection_id: ConnectionId
    _count: int = field(default=0)

    async def token(
        self,
        *,
        scope: str = "invoicing:write",
        resource: str | None = None,
        lifetime: timedelta | None = None,
        connection_id: ConnectionId | None = None,
        dpop_jkt: str | None = None,
    ) -> str:
        """Write a token of the connection, as the token endpoint would have issued it, and return its text."""
        self._count += 1
        token_id, secret = f"{self._count:0>22}", Secret(f"{self._count:s>43}")
        now = self.clock.now()
        expires = to_micros(now + (lifetime or self.settings.access_token_lifetime))
        connection = connection_id or self.connection_id
        await self.deeds.database.write(
            writing,
            Statement(
                "INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, "
                "rotated_at, idle_expires_at, expires_at) VALUES ($1, $2, $3, $4, 1, $5, $5, $6, $6)",
                (token_id, connection, scope, digest(secret), to_micros(now), expires),
            ),
            Statement(
                "INSERT INTO access_tokens (id, digest, family_id, scope, resource, issued_at, expires_at, dpop_jkt) "
                "VALUES ($1, $2, $1, $3, $4, $5, $6, $7)",
                (token_id, digest(secret), scope, resource, to_micros(now), expires, dpop_jkt),
            ),
        )
        return format_credential(CredentialKind.ACCESS_TOKEN, token_id, secret).reveal()

    async def key(
        self, *permissions: str, networks: tuple[str, ...] = (), lifetime: timedelta | None = None
    ) -> tuple[ApiKeyId, str]:
        """Make an API key of Ana's; return its ID and its text."""
        expires_at = None if lifetime is None else self.clock.now() + lifetime
        draft = KeyDraft("Nightly", tuple(permissions or ("invoice.read",)), expires_at, networks)
        shown = await self.deeds.api_keys.create(OPERATOR, draft, KeyOwner(self.organisation_id, self.user_id))
        return shown.details.key.id, shown.text.reveal()

    async def set_role(self, *roles: str) -> None:
        await self.deeds.people.members.set(OPERATOR, self.organisation_id, self.user_id, roles)


async def build_guard_world(
    database_url: str, folder: Path, clock: FixedClock, *, resource: str | None = None
) -> GuardWorld:
    catalog = folder / "catalog.toml"
    catalog.write_text(SMALL_CATALOG, encoding="utf-8")
    settings = Settings(secret_key=Secret("k" * 43), database_url=database_url, catalog=catalog)
    deeds = open_deeds(settings, clock=clock, passwords=CountingPasswords())
    people = deeds.people
    organisation = await people.organisations.create(OPERATOR, "North Books")
    ana = await people.users.create(OPERATOR, "ana@north.test")
    owner = await people.users.create(OPERATOR, "olga@north.test")
    await people.members.set(OPERATOR, organisation.id, ana.id, ["bookkeeper"])
    await people.members.set(OPERATOR, organisation.id, owner.id, ["owner"])
    draft = AppDraft("Ledgerly", AppType.PUBLIC, ("https://ledgerly.test/cb",), ("invoicing:write", "contacts:write"))
    app = (await deeds.app_registry.register(OPERATOR, draft, organisation_id=organisation.id)).app
    connection_id = await connect(deeds, 1, organisation.id, ana.id, app.id)
    guard = Guard.open(settings, clock=clock, resource=resource)
    blocking = BlockingGuard.open(settings, clock=clock, resource=resource)
    return GuardWorld(settings, deeds, guard, blocking, clock, organisation.id, ana.id, app.id, connection_id)


async def connect(
    deeds: Deeds,
    number: int,
    organisation_id: OrganisationId,
    user_id: UserId,
    app_id: AppId,
    scopes: str = "invoicing:write",
) -> ConnectionId:
    """Write the user's approval of the app."""
    connection_id = ConnectionId(f"con_{number:0>22}")
    await deeds.database.write(
        writing,
        Statement(
            "INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, "
            "updated_at) VALUES ($1, $2, $3, $4, $5, '', $6, $6)",
            (connection_id, organisation_id, user_id, app_id, scopes, to_micros(deeds.clock.now())),
        ),
    )
    return connection_id
