"""The one promise under random interleavings: at every step the guard allows exactly what the model allows.

Catalog, roles and scopes are random too. Never more is safety; never less is what makes it usable.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from people_and_apps import (
    EVERYTHING,
    SCOPES,
    SPANS,
    PeopleAndApps,
    anyone,
    index,
    permissions,
    scopes,
    some_scopes,
    which,
)
from promise_model import (
    CODE_LIFETIME,
    GRACE,
    ModelCode,
    ModelConnection,
    ModelFamily,
    ModelKey,
    ModelToken,
    Names,
)

from consentry.model.access import Access, Allowed
from consentry.model.acting import member
from consentry.model.api_key import KeyDraft, KeyEdit
from consentry.model.faults import ConflictError, PermissionMissingError
from consentry.model.ids import ApiKeyId, OrganisationId, UserId


class TheGuardKeepsThePromise(PeopleAndApps):
    """Everything that can change what a credential may do, in any order, beside the model."""

    def begun(self) -> None:
        for app in range(2):
            self.connect_with_everything(app)

    @rule(app=which)
    def connect_with_everything(self, app: int) -> None:
        """Have something to lose: all that the app may ask for, approved by a user who holds much."""
        if self.model.apps[app].status != "deleted":
            self.stop_or_resume((0, 0), "everything")
            self.switch_app(app, "active")
            every = self.model.apps[app].scopes
            self.connect((0, 0), app, every, every, insists=True)
            if self.codes and not self.codes[-1].used:
                self.redeem(0)

    @rule(app=which, ticked=st.frozensets(st.sampled_from(SCOPES)))
    def narrow_what_was_approved(self, app: int, ticked: Names) -> None:
        """Approve everything, then, asked again, untick some of it."""
        if self.model.apps[app].status != "deleted":
            self.connect_with_everything(app)
            self.connect((0, 0), app, self.model.apps[app].scopes, ticked, insists=True)
            if self.codes and not self.codes[-1].used:
                self.redeem(0)

    @rule(span=st.sampled_from(SPANS), age=st.integers(2, 3))
    def repeat_a_refresh(self, span: timedelta, age: int) -> None:
        """Rotate twice, and send an old refresh token again after a while."""
        if self.model.apps[1].status != "deleted":
            self.connect_with_everything(1)
            if self.families:
                self.refresh(0, None, 1)
                self.refresh(0, None, 1)
                self.clock.pass_time(span)
                self.refresh(0, None, age)

    # What is always true.

    @invariant()
    def the_guard_allows_exactly_what_the_model_allows(self) -> None:
        self.run(self._compare_all())

    async def _compare_all(self) -> None:
        now = self.clock.now()
        for token in self.tokens[-12:]:
            await self._compare(token.text, self.model.token_may(token, now))
        for key in self.keys[-4:]:
            await self._compare(key.text, self.model.key_may(key))

    async def _compare(self, text: str, expected: Names | None) -> None:
        answer = await self.deeds.check_bearer.check(text)
        if not isinstance(answer, Access):
            assert expected is None, f"refused ({answer.reason}), and the model allows {sorted(expected or ())}"
            return
        assert expected is not None, f"allowed {sorted(answer.permissions)}, and the model refuses"
        assert answer.permissions == expected
        for permission in EVERYTHING:
            decision = answer.decide(permission, self.deeds.catalog)
            assert isinstance(decision, Allowed) is (permission in expected)

    # Connections, codes, tokens.

    @rule(who=anyone, app=which, asked=some_scopes, ticked=scopes, insists=st.booleans())
    def connect(self, who: tuple[int, int], app: int, asked: Names, ticked: Names, insists: bool) -> None:  # noqa: FBT001 - drawn
        asked &= self.model.apps[app].scopes
        if not asked or self.model.apps[app].status != "active" or who not in self.model.members:
            return
        held = self.model.held(*who)
        found = self.model.live_connection(*who, app)
        before = found or ModelConnection(*who, app)
        shown = asked if insists else asked - before.scopes - before.declined
        # What the user holds nothing of cannot be ticked: it stays unanswered, and as it was.
        answered = frozenset(name for name in shown if self.model.expand(frozenset({name})) & held)
        approved = answered & (ticked | self.model.apps[app].required)
        after = (before.scopes - answered) | approved
        text = self._approve(who, app, asked, ticked, insists=insists)
        if "oauth_app.install" not in held or not asked & after:
            assert text is None
            return
        assert text is not None
        before.scopes, before.declined = after, (before.declined | answered) - after
        if found is None:
            self.model.connections.append(before)
        self.codes.append(ModelCode(text, before, asked & after, self.clock.now()))

    def _approve(self, who: tuple[int, int], app: int, asked: Names, ticked: Names, *, insists: bool) -> str | None:
        changes = {
            "scope": " ".join(sorted(asked)),
            "prompt": "consent" if insists else None,
            "user_id": self.users[who[1]],
            "organisation_id": self.organisations[who[0]],
        }
        try:
            return self.run(self.world.approve(self.parties[app], sorted(ticked), **changes))
        except (ConflictError, PermissionMissingError):
            return None

    @rule(at=index)
    @precondition(lambda self: self.codes)
    def redeem(self, at: int) -> None:
        code = self.codes[-1 - at % len(self.codes[-4:])]
        connection, now = code.connection, self.clock.now()
        answer = self._try(self.world.exchange(self.parties[connection.app], code.text))
        if self.model.apps[connection.app].status != "active":
            assert answer is None
            return
        standing = self.model.standing(connection, code.scope)
        expired = now >= code.issued_at + CODE_LIFETIME
        if code.used and code.family is not None:
            code.family.ended = True
        if code.used or expired or not self.model.may_act(connection) or not standing:
            assert answer is None
            return
        assert answer is not None
        code.used = True
        code.family = ModelFamily(connection, code.scope, [answer.refresh_token])
        self.families.append(code.family)
        self._remember(answer, code.family, standing)

    @rule(at=index, asked=st.none() | some_scopes, age=st.sampled_from((1, 1, 1, 2, 2, 3)))
    @precondition(lambda self: self.families)
    def refresh(self, at: int, asked: Names | None, age: int) -> None:
        family = self.families[-1 - at % len(self.families[-4:])]
        text = family.refresh_tokens[-min(age, len(family.refresh_tokens))]
        connection, app = family.connection, self.model.apps[family.connection.app]
        scope = None if asked is None else " ".join(sorted(asked))
        answer = self._try(self.world.refresh(self.parties[connection.app], text, scope=scope))
        standing = self._expected_refresh(family, text, family.scope if asked is None else asked)
        if app.status != "active" or standing is None:
            assert answer is None
            return
        assert answer is not None
        if answer.refresh_token not in family.refresh_tokens:
            assert connection.app == 1, "a confidential app's refresh token does not rotate"
            family.refresh_tokens.append(answer.refresh_token)
            family.rotated_at, family.asked_last = self.clock.now(), family.scope if asked is None else asked
        elif connection.app == 1:
            assert answer.refresh_token == family.refresh_tokens[-1]
        self._remember(answer, family, standing)

    def _expected_refresh(self, family: ModelFamily, text: str, asked: Names) -> Names | None:
        """What the new access token is for, or None; a replay ends the family."""
        connection = family.connection
        active = self.model.apps[connection.app].status == "active" and self.model.may_act(connection)
        if not active or family.ended or not self.model.left_to(connection, family.scope):
            return None
        if text != family.refresh_tokens[-1]:
            in_grace = family.rotated_at is not None and self.clock.now() < family.rotated_at + GRACE
            if text != family.refresh_tokens[-2] or not in_grace:
                family.ended = True
                return None
            if asked != family.asked_last:
                return None
        standing = self.model.standing(connection, asked)
        return standing if asked <= family.scope and standing else None

    @rule(at=index, alone=st.booleans(), rightful=st.booleans())
    @precondition(lambda self: self.tokens)
    def revoke(self, at: int, alone: bool, rightful: bool) -> None:  # noqa: FBT001 - drawn
        token = self.tokens[-1 - at % len(self.tokens[-8:])]
        owner = token.family.connection.app
        sender = owner if rightful else 1 - owner
        text = token.text if alone else token.family.refresh_tokens[0]
        self._try(self.world.revoke(self.parties[sender], text))
        if rightful and self.model.apps[owner].status == "active":
            token.revoked = token.revoked or alone
            token.family.ended = token.family.ended or not alone

    @rule(at=index)
    @precondition(lambda self: self.model.connections)
    def disconnect(self, at: int) -> None:
        connection = self.model.connections[-1 - at % len(self.model.connections[-4:])]
        place = self.organisations[connection.organisation], self.users[connection.user]
        app_id = self.parties[connection.app].app.id
        if not connection.ended:
            self.run(self._disconnect(*place, app_id))
            connection.ended = True

    async def _disconnect(self, organisation_id: OrganisationId, user_id: UserId, app_id: str) -> None:
        acting = member(user_id, organisation_id, frozenset())
        for one in await self.deeds.connections.list_own(acting):
            connection = one.details.connection
            if (connection.app_id, connection.organisation_id) == (app_id, organisation_id) and connection.is_live:
                await self.deeds.connections.end(acting, connection.id)

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.clock.pass_time(span)

    # API keys.

    @rule(who=anyone, wanted=permissions)
    def create_key(self, who: tuple[int, int], wanted: Names) -> None:
        held = self.model.held(*who)
        wanted &= held
        if "api_key.create" in held and wanted:
            shown = self.run(self.deeds.api_keys.create(self._acting(who), KeyDraft("Key", tuple(wanted), None)))
            self.keys.append(ModelKey(shown.details.key.id, shown.text.reveal(), *who, wanted))

    @rule(kept=permissions)
    @precondition(lambda self: self.keys)
    def narrow_key(self, kept: Names) -> None:
        key = self.keys[-1]
        kept &= key.permissions
        if kept and not key.revoked and "api_key.create" in self.model.held(key.organisation, key.user):
            acting = self._acting((key.organisation, key.user))
            self.run(self.deeds.api_keys.edit(acting, ApiKeyId(key.id), KeyEdit(permissions=tuple(kept))))
            key.permissions = kept

    @rule()
    @precondition(lambda self: self.keys)
    def revoke_key(self) -> None:
        key = self.keys[-1]
        self.run(self.deeds.api_keys.revoke(self._acting((key.organisation, key.user)), ApiKeyId(key.id)))
        key.revoked = True

    def _remember(self, answer: Any, family: ModelFamily, standing: Names) -> None:
        assert frozenset(answer.scope.tokens) == standing
        self.tokens.append(ModelToken(answer.access_token, family, standing, self.clock.now()))


TestTheGuardKeepsThePromise = TheGuardKeepsThePromise.TestCase
TestTheGuardKeepsThePromise.settings = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
