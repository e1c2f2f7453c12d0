"""The three forms of the directory, each as its product would keep it: what Bo holds can be changed in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from consentry.guard import Guard
from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Standing
from consentry.ports.directory import Holding, Pair
from consentry.storage.database import Operation, Statement, Value
from consentry.wiring import Deeds
from protocol_world import OPERATOR, ProtocolWorld, fill_protocol_world, register

VIEW = "product_members"

PRODUCT = (
    "CREATE TABLE product_accounts (id TEXT PRIMARY KEY, title TEXT NOT NULL)",
    "CREATE TABLE product_people (id TEXT PRIMARY KEY, mail TEXT NOT NULL UNIQUE, full_name TEXT NOT NULL)",
    """
    CREATE TABLE product_staff (account TEXT NOT NULL, person TEXT NOT NULL, job TEXT, rights TEXT,
        locked INTEGER NOT NULL, PRIMARY KEY (account, person))
    """,
    f"""
    CREATE VIEW {VIEW} AS
    SELECT s.account AS organisation_id, a.title AS organisation_name, s.person AS user_id, p.mail AS email,
        p.full_name AS name, CASE WHEN s.locked = 0 THEN 'active' ELSE 'locked' END AS standing,
        s.job AS roles, s.rights AS permissions
    FROM product_staff s JOIN product_accounts a ON a.id = s.account JOIN product_people p ON p.id = s.person
    """,  # noqa: S608 - constants
    "INSERT INTO product_accounts VALUES ('acc-7', 'Acme Books'), ('acc-8', 'Ledgerly Ltd')",
    "INSERT INTO product_people VALUES ('person-1', 'bo@acme.test', 'Bo'), ('person-2', 'mia@ledgerly.test', 'Mia')",
    "INSERT INTO product_staff VALUES ('acc-7', 'person-1', 'bookkeeper', NULL, 0)",
    "INSERT INTO product_staff VALUES ('acc-8', 'person-2', 'owner', NULL, 0)",
)


class Form(Protocol):
    """What a test may do to Bo, where the product keeps its people."""

    async def give(self, *roles: str) -> None: ...

    async def suspend(self) -> None: ...

    async def reinstate(self) -> None: ...

    async def remove(self) -> None: ...


async def run(deeds: Deeds, *statements: tuple[str, tuple[Value, ...]]) -> None:
    def operation() -> Operation[None]:
        for sql, args in statements:
            yield Statement(sql, args)

    await deeds.database.write(operation)


class BuiltIn:
    """Our own tables, through the management deeds."""

    def __init__(self, world: ProtocolWorld) -> None:
        self._members = world.deeds.people.members
        self._who = (OPERATOR, world.acme, world.bo)

    async def give(self, *roles: str) -> None:
        await self._members.set(*self._who, roles)

    async def suspend(self) -> None:
        await self._members.set_standing(*self._who, Standing.SUSPENDED)

    async def reinstate(self) -> None:
        await self._members.set_standing(*self._who, Standing.ACTIVE)

    async def remove(self) -> None:
        await self._members.remove(*self._who)


class InView:
    """The product's tables in the same database."""

    def __init__(self, deeds: Deeds) -> None:
        self._deeds = deeds

    async def give(self, *roles: str) -> None:
        await self._write("UPDATE product_staff SET job = $1 WHERE person = 'person-1'", " ".join(roles))

    async def suspend(self) -> None:
        await self._write("UPDATE product_staff SET locked = 1 WHERE person = 'person-1'")

    async def reinstate(self) -> None:
        await self._write("UPDATE product_staff SET locked = 0 WHERE person = 'person-1'")

    async def remove(self) -> None:
        await self._write("DELETE FROM product_staff WHERE person = 'person-1'")

    async def _write(self, sql: str, *args: Value) -> None:
        await run(self._deeds, (sql, args))


class InObject:
    """An object of the product's."""

    def __init__(self) -> None:
        self.holding: Holding | None = Holding(("bookkeeper",))
        self.calls: list[Sequence[Pair]] = []

    async def find_holders(self, pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
        self.calls.append(pairs)
        return {} if self.holding is None else dict.fromkeys(pairs, self.holding)

    async def give(self, *roles: str) -> None:
        self.holding = Holding(roles)

    async def suspend(self) -> None:
        self.holding = Holding(("bookkeeper",), standing=Standing.SUSPENDED)

    async def reinstate(self) -> None:
        self.holding = Holding(("bookkeeper",))

    async def remove(self) -> None:
        self.holding = None


@dataclass(frozen=True, slots=True)
class DirectoryWorld:
    """The protocol's world with Bo, what can be done to Bo, and a guard of another process."""

    protocol: ProtocolWorld
    bo: Form
    guard: Guard
    product: InObject


async def fill_view_world(deeds: Deeds) -> ProtocolWorld:
    """Make the product's tables with Bo in them, and two apps of Ledgerly's."""
    acme, ledgerly = OrganisationId("acc-7"), OrganisationId("acc-8")
    await deeds.people.find_holder(acme, UserId("person-1"))
    web = await register(deeds, ledgerly)
    tool = await register(deeds, ledgerly, name="Tool")
    return ProtocolWorld(deeds, acme, UserId("person-1"), web, tool)


async def fill(form: str, deeds: Deeds, product: InObject) -> tuple[ProtocolWorld, Form]:
    if form == "view":
        return await fill_view_world(deeds), InView(deeds)
    world = await fill_protocol_world(deeds)
    return (world, product) if form == "object" else (world, BuiltIn(world))
