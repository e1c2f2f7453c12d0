"""Random catalogs, roles, people and apps, and every change to them, made in Consentry and in the model alike."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from promise_model import (
    ModelApp,
    ModelCode,
    ModelFamily,
    ModelKey,
    ModelMember,
    ModelToken,
    Names,
    Promise,
)

from consentry.model.acting import Acting, member
from consentry.model.app import AppType
from consentry.model.app_draft import AppChange
from consentry.model.faults import DeedError
from consentry.model.organisation import Standing
from consentry.oauth.errors import OAuthError
from consentry.storage.schema import migrate_sqlite
from consentry.wiring import open_deeds
from protocol_world import OPERATOR, Party, ProtocolWorld, register, settings_for
from small_world import FixedClock

T = TypeVar("T")

PERMISSIONS = ("invoice.read", "invoice.write", "client.read", "client.write", "stock.read")
EVERYTHING = (*PERMISSIONS, "bank.write", "oauth_app.install", "api_key.create")
SCOPES = ("books:read", "books:write", "people:read")
CATALOG_ROLES, OWN_ROLE = ("alpha", "beta"), "gamma"
SPANS = (timedelta(seconds=10), timedelta(seconds=25), timedelta(minutes=1), timedelta(minutes=45))

anyone = st.sampled_from(((0, 0), (0, 0), (0, 0), (0, 1), (1, 0), (1, 1)))
which = st.integers(0, 1)
index = st.integers(0, 200)
scopes = st.just(frozenset(SCOPES)) | st.frozensets(st.sampled_from(SCOPES))
some_scopes = st.just(frozenset(SCOPES)) | st.frozensets(st.sampled_from(SCOPES), min_size=1)
permissions = st.frozensets(st.sampled_from(EVERYTHING))


def catalog_text(scope_permissions: dict[str, Names], implied: bool, roles: dict[str, Names]) -> str:  # noqa: FBT001 - drawn
    lines = ["[permissions]", *(f'"{name}" = "Do {name}"' for name in PERMISSIONS)]
    lines += ['"bank.write" = { title = "Pay", sensitive = true }']
    for name, reached in scope_permissions.items():
        lines += [f'[scopes."{name}"]', f'title = "Use {name}"', f"permissions = {sorted(reached)}"]
        if implied and name == "books:write":
            lines += ['implies = ["books:read"]']
    for name, held in roles.items():
        lines += [f"[roles.{name}]", f'title = "{name}"', f"permissions = {sorted(held)}"]
    return "\n".join(lines).replace("'", '"')


class PeopleAndApps(RuleBasedStateMachine):
    """Two users in two organisations and two apps, beside the model of them."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.databases = ExitStack()
        self.clock = FixedClock()
        self.codes: list[ModelCode] = []
        self.families: list[ModelFamily] = []
        self.tokens: list[ModelToken] = []
        self.keys: list[ModelKey] = []

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(deed)

    @initialize(
        reached=st.fixed_dictionaries(
            {name: st.frozensets(st.sampled_from(PERMISSIONS), min_size=1) for name in SCOPES}
        ),
        implied=st.booleans(),
        roles=st.fixed_dictionaries(dict.fromkeys(CATALOG_ROLES, permissions)),
        app_scopes=st.tuples(some_scopes, some_scopes),
    )
    def begin(
        self,
        reached: dict[str, Names],
        implied: bool,  # noqa: FBT001 - drawn
        roles: dict[str, Names],
        app_scopes: tuple[Names, Names],
    ) -> None:
        roles = {**roles, "alpha": roles["alpha"] | {"oauth_app.install", "api_key.create", *PERMISSIONS[:3]}}
        path = Path(self.folder.name) / "consentry.sqlite3"
        shutil.copy(migrated_template(), path)
        path.with_name("catalog.toml").write_text(catalog_text(reached, implied, roles), encoding="utf-8")
        expanded = dict(reached)
        if implied:
            expanded["books:write"] |= expanded["books:read"]
        apps = [ModelApp(frozenset(), each) for each in app_scopes]
        self.model = Promise(expanded, roles, apps, [True, True], [True, True])
        self.run(self._build(path))
        self.begun()

    def begun(self) -> None:
        """Do what every example starts with."""

    @contextmanager
    def database(self, path: Path) -> Iterator[str]:
        """Lend the URL of the example's own database; `path` is a migrated file."""
        yield f"sqlite:///{path}"

    async def _build(self, path: Path) -> None:
        settings = settings_for(path, database_url=self.databases.enter_context(self.database(path)))
        self.deeds = open_deeds(settings, clock=self.clock)
        people = self.deeds.people
        self.organisations = [(await people.organisations.create(OPERATOR, name)).id for name in ("One", "Two")]
        maker = (await people.organisations.create(OPERATOR, "Maker")).id
        self.users = [(await people.users.create(OPERATOR, f"{name}@x.test")).id for name in ("bo", "cy")]
        self.parties: list[Party] = []
        for app, kind in zip(self.model.apps, (AppType.CONFIDENTIAL, AppType.PUBLIC), strict=True):
            offered = {"required_scopes": (), "optional_scopes": tuple(sorted(app.optional))}
            self.parties.append(await register(self.deeds, maker, type=kind, **offered))
        first = (self.organisations[0], self.users[0])
        self.world = ProtocolWorld(self.deeds, *first, self.parties[0], self.parties[1])
        for organisation in range(2):
            await self._set_member(organisation, 0, frozenset({"alpha"}), None)

    def teardown(self) -> None:
        if hasattr(self, "deeds"):
            self.run(self.deeds.database.close())
        self.runner.close()
        self.databases.close()
        self.folder.cleanup()

    # People.

    @rule(who=anyone, roles=st.frozensets(st.sampled_from(CATALOG_ROLES), min_size=1), own=st.booleans())
    def give_roles(self, who: tuple[int, int], roles: Names, own: bool) -> None:  # noqa: FBT001 - drawn
        if own and (who[0], OWN_ROLE) in self.model.own_roles:
            roles |= {OWN_ROLE}
        self.run(self._set_member(*who, roles, None))

    @rule(who=anyone, custom=permissions)
    def tune_permissions(self, who: tuple[int, int], custom: Names) -> None:
        self.run(self._set_member(*who, frozenset({"beta"}), custom))

    async def _set_member(self, organisation: int, user: int, roles: Names, custom: Names | None) -> None:
        found = self.model.members.get((organisation, user))
        self.model.members[organisation, user] = ModelMember(roles, custom, found is None or found.active)
        given = None if custom is None else sorted(custom)
        await self.deeds.people.members.set(
            OPERATOR, self.organisations[organisation], self.users[user], sorted(roles), given
        )

    @rule(who=anyone, what=st.sampled_from(("member", "user", "organisation", "removal", "everything", "everything")))
    def stop_or_resume(self, who: tuple[int, int], what: str) -> None:
        """Suspend somebody, or reinstate everybody, so that what follows has something to lose again."""
        self.run(self._resume_everything() if what == "everything" else self._stop(who, what))

    async def _stop(self, who: tuple[int, int], what: str) -> None:
        people, organisation_id, user_id = self.deeds.people, self.organisations[who[0]], self.users[who[1]]
        if what == "user":
            self.model.users[who[1]] = False
            await people.users.set_standing(OPERATOR, user_id, Standing.SUSPENDED)
        elif what == "organisation":
            self.model.organisations[who[0]] = False
            await people.organisations.set_standing(OPERATOR, organisation_id, Standing.SUSPENDED)
        elif who in self.model.members and what == "member":
            self.model.members[who].active = False
            await people.members.set_standing(OPERATOR, organisation_id, user_id, Standing.SUSPENDED)
        elif who in self.model.members:
            del self.model.members[who]
            await people.members.remove(OPERATOR, organisation_id, user_id)

    async def _resume_everything(self) -> None:
        people = self.deeds.people
        for number in range(2):
            self.model.users[number] = self.model.organisations[number] = True
            await people.users.set_standing(OPERATOR, self.users[number], Standing.ACTIVE)
            await people.organisations.set_standing(OPERATOR, self.organisations[number], Standing.ACTIVE)
        for who, one in self.model.members.items():
            one.active = True
            place = self.organisations[who[0]], self.users[who[1]]
            await people.members.set_standing(OPERATOR, *place, Standing.ACTIVE)
        await self._set_member(0, 0, frozenset({"alpha"}), None)

    @rule(organisation=which, name=st.sampled_from((*CATALOG_ROLES, OWN_ROLE)), held=permissions)
    def define_role(self, organisation: int, name: str, held: Names) -> None:
        self.model.own_roles[organisation, name] = held
        self.run(self.deeds.people.roles.set(OPERATOR, self.organisations[organisation], name, sorted(held)))

    @rule(organisation=which, name=st.sampled_from((*CATALOG_ROLES, OWN_ROLE)))
    def undefine_role(self, organisation: int, name: str) -> None:
        try:
            self.run(self.deeds.people.roles.remove(OPERATOR, self.organisations[organisation], name))
        except DeedError:
            return
        del self.model.own_roles[organisation, name]

    # Apps.

    @rule(app=which, required=scopes, optional=scopes)
    def edit_app(self, app: int, required: Names, optional: Names) -> None:
        if not required | optional or self.model.apps[app].status == "deleted":
            return
        self.model.apps[app].required, self.model.apps[app].optional = required, optional - required
        change = AppChange(required_scopes=tuple(required), optional_scopes=tuple(optional - required))
        self.run(self.deeds.app_registry.edit(OPERATOR, self.parties[app].app.client_id, change))

    @rule(app=which, status=st.sampled_from(("active", "active", "deactivated")))
    def switch_app(self, app: int, status: str) -> None:
        if self.model.apps[app].status not in {"deleted", status}:
            registry, client_id = self.deeds.app_registry, self.parties[app].app.client_id
            deed = registry.reactivate if status == "active" else registry.deactivate
            self.run(deed(OPERATOR, client_id))
            self.model.apps[app].status = status

    @rule(seed=st.integers(0, 9))
    @precondition(lambda self: len(self.tokens) > 3)
    def delete_app(self, seed: int) -> None:
        if seed == 0 and self.model.apps[1].status != "deleted":
            party = self.parties[1].app
            self.run(self.deeds.app_registry.delete(OPERATOR, party.client_id, confirm_name=party.name))
            self.model.apps[1].status = "deleted"
            for connection in self.model.connections:
                connection.ended = connection.ended or connection.app == 1

    def _acting(self, who: tuple[int, int]) -> Acting:
        return member(self.users[who[1]], self.organisations[who[0]], self.model.held(*who))

    def _try(self, deed: Coroutine[Any, Any, T]) -> T | None:
        try:
            return self.run(deed)
        except OAuthError:
            return None


@lru_cache(maxsize=1)
def migrated_template() -> Path:
    """Return a migrated file, made once."""
    template = Path(tempfile.mkdtemp()) / "template.sqlite3"
    migrate_sqlite(template)
    return template
