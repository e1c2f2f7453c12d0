"""An app that acts by itself never has more than was allowed, whatever happens in which order.

effective = expand(scope of the token ∩ of the connection ∩ of the app) ∩ what its member holds, all as they are now;
and the member never holds by an administrator's word what that administrator did not hold.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from people_and_apps import migrated_template

from consentry.model.access import Access
from consentry.model.acting import member
from consentry.model.app_draft import AppChange
from consentry.model.faults import DeedError
from consentry.model.organisation import Standing
from consentry.model.service_member import service_user_id
from consentry.oauth.errors import OAuthError
from protocol_world import OPERATOR, build_protocol_world
from small_world import FixedClock

T = TypeVar("T")

SCOPES = ("invoicing:read", "invoicing:write", "contacts:read", "contacts:write")
PERMISSIONS = ("invoice.read", "invoice.write", "invoice.send", "client.read", "client.write")
SENSITIVE = "payment_instruction.write"
MANAGES = frozenset({"oauth_app.manage", "member.manage"})

scopes = st.frozensets(st.sampled_from(SCOPES), min_size=1)
held = st.frozensets(st.sampled_from((*PERMISSIONS, SENSITIVE)))


@dataclass(slots=True)
class ModelAllowance:
    scopes: frozenset[str]
    ended: bool = False


class ServiceMembersKeepThePromise(RuleBasedStateMachine):
    """Allow, stop, narrow, suspend and remove, edit the app, and ask for tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.allowances: list[ModelAllowance] = []
        self.tokens: list[tuple[str, ModelAllowance, frozenset[str]]] = []
        self.custom: frozenset[str] | None = None
        self.suspended = False

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(deed)

    @initialize(declared=scopes)
    def begin(self, declared: frozenset[str]) -> None:
        path = Path(self.folder.name) / "consentry.sqlite3"
        shutil.copy(migrated_template(), path)
        self.world = self.run(build_protocol_world(path, FixedClock()))
        self.declared = declared
        self.party = self.run(self.world.add_app(required_scopes=(), optional_scopes=tuple(declared)))
        self.owner, self.user = self.party.app.organisation_id, service_user_id(self.party.app.id)
        self.catalog = self.world.deeds.catalog

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.deeds.database.close())
        self.runner.close()
        self.folder.cleanup()

    @property
    def allowance(self) -> ModelAllowance | None:
        return self.allowances[-1] if self.allowances and not self.allowances[-1].ended else None

    @rule(holds=held)
    def allow(self, holds: frozenset[str]) -> None:
        acting = member(self.world.bo, self.owner, MANAGES | holds)
        reach = self.catalog.expand(self.declared) & holds
        try:
            self.run(self.world.deeds.services.members.allow(acting, self.party.app.client_id))
        except DeedError:
            assert not reach
            return
        assert reach
        self.custom = reach
        if self.allowance is None:
            self.allowances.append(ModelAllowance(self.declared))
        self.allowances[-1].scopes = self.declared

    @rule()
    def stop(self) -> None:
        self.run(self.world.deeds.services.members.stop(OPERATOR, self.party.app.client_id))
        if self.allowances:
            self.allowances[-1].ended = True

    @rule(declared=scopes)
    def edit_the_app(self, declared: frozenset[str]) -> None:
        change = AppChange(required_scopes=(), optional_scopes=tuple(declared))
        self.run(self.world.deeds.app_registry.edit(OPERATOR, self.party.app.client_id, change))
        self.declared = declared

    @rule(holds=held)
    @precondition(lambda self: self.custom is not None)
    def tune_the_member(self, holds: frozenset[str]) -> None:
        members = self.world.deeds.people.members
        self.run(members.set(OPERATOR, self.owner, self.user, ["reader"], sorted(holds)))
        self.custom = holds

    @rule(suspended=st.booleans())
    @precondition(lambda self: self.custom is not None)
    def suspend_or_reinstate(self, suspended: bool) -> None:  # noqa: FBT001 - drawn
        standing = Standing.SUSPENDED if suspended else Standing.ACTIVE
        self.run(self.world.deeds.people.members.set_standing(OPERATOR, self.owner, self.user, standing))
        self.suspended = suspended

    @rule()
    @precondition(lambda self: self.custom is not None)
    def remove_the_member(self) -> None:
        self.run(self.world.deeds.people.members.remove(OPERATOR, self.owner, self.user))
        self.custom, self.suspended = None, False

    @rule(asked=st.none() | scopes)
    def ask_for_a_token(self, asked: frozenset[str] | None) -> None:
        fields = {} if asked is None else {"scope": " ".join(sorted(asked))}
        standing = frozenset[str]() if self.allowance is None else self.allowance.scopes & self.declared
        usable = frozenset(one for one in standing if self.catalog.expand({one}) & self.may)
        try:
            answer = self.run(self.world.token(self.party, grant_type="client_credentials", **fields))
        except OAuthError:
            assert not usable or (asked is not None and not asked <= usable)
            return
        assert self.allowance is not None
        assert answer.scope.tokens == (usable if asked is None else asked)
        self.tokens.append((answer.access_token, self.allowance, frozenset(answer.scope.tokens)))

    @property
    def may(self) -> frozenset[str]:
        """What the member may do now."""
        return frozenset() if self.custom is None or self.suspended else self.custom

    @invariant()
    def no_token_does_more_or_less_than_the_model(self) -> None:
        for text, allowance, scope in self.tokens[-8:]:
            answer = self.run(self.world.check(text))
            reached = self.catalog.expand(scope & allowance.scopes & self.declared)
            if allowance.ended or self.custom is None or self.suspended:
                assert not isinstance(answer, Access)
            else:
                assert isinstance(answer, Access)
                assert answer.permissions == reached & self.custom
                assert SENSITIVE not in answer.permissions


TestServiceMembersKeepThePromise = ServiceMembersKeepThePromise.TestCase
TestServiceMembersKeepThePromise.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
