"""Under random interleavings, an explanation says what the guard does, and a foretold change is what comes."""

from typing import TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from people_and_apps import CATALOG_ROLES, EVERYTHING, anyone, which
from promise_model import ModelConnection, Names
from test_intersection import TheGuardKeepsThePromise

from consentry.flows.access_reach import Asked, Reach
from consentry.model.access import Access
from consentry.model.explanation import Explanation
from consentry.model.what_if import Change, MemberIsSuspended, MemberRoleChanges, RoleChanges
from protocol_world import OPERATOR

Powers: TypeAlias = dict[str, Names]


class ExplanationsAgree(TheGuardKeepsThePromise):
    """Everything that can change what a credential may do, in any order; then everything that can be asked about it."""

    @invariant()
    def the_guard_allows_exactly_what_the_model_allows(self) -> None:
        """In place of the guard's own rule, which another test looks after."""
        self.run(self._compare_explanations())

    async def _compare_explanations(self) -> None:
        for text in [token.text for token in self.tokens[-6:]] + [key.text for key in self.keys[-3:]]:
            answer = await self.deeds.check_bearer.check(text)
            told = await self.deeds.explain_access.explain(OPERATOR, text)
            assert text not in repr(told)
            self._compare_one(answer, told)
        for organisation in range(2):
            powers = self._powers(organisation)
            for permission in EVERYTHING[::3]:
                reach = await self.deeds.access_reach.who_can(
                    OPERATOR, self.organisations[organisation], permission, Asked(limit=200)
                )
                assert set(_found(reach)) == {one for one, held in powers.items() if permission in held}

    def _compare_one(self, answer: object, told: Explanation) -> None:
        if not isinstance(answer, Access):
            assert told.refused == answer
            assert all(one.verdict == answer for one in told.permissions)
            return
        assert told.refused is None
        assert [one.entry.name for one in told.permissions] == list(self.deeds.catalog.permissions)
        for one in told.permissions:
            assert one.verdict == answer.decide(one.entry.name, self.deeds.catalog)
            gives = bool(one.covered_by) or bool(one.in_key)
            assert one.is_allowed == (gives and one.held)
            assert one.held == (one.entry.name in answer.held)
            assert one.held == (bool(one.roles) or (told.tuned and one.held))

    def _powers(self, organisation: int) -> Powers:
        """What each member, connection and key of the organisation can do now, as the model has it."""
        model, powers = self.model, {}
        for place, user in model.members:
            if place == organisation:
                powers[str(self.users[user])] = model.held(organisation, user)
        for key in self.keys:
            if key.organisation == organisation:
                powers[key.id] = model.key_may(key) or frozenset()
        for connection in model.connections:
            if connection.organisation == organisation:
                active = model.apps[connection.app].status == "active" and model.may_act(connection)
                powers[self._id_of(connection)] = (
                    model.left_to(connection, connection.scopes) if active else frozenset()
                )
        return powers

    def _id_of(self, connection: ModelConnection) -> str:
        """A name for the connection that the store's identifiers can be compared with."""
        place = self.organisations[connection.organisation], self.users[connection.user]
        app = self.parties[connection.app].app.id
        if connection.ended:
            return f"ended {id(connection)}"
        return " ".join((*place, app))

    def begun(self) -> None:
        """Have something to lose, lose it as foretold, and gain it again."""
        super().begun()
        self.create_key((0, 0), frozenset(EVERYTHING))
        for permission in (*EVERYTHING[:2], *EVERYTHING[:2]):
            self.a_role_changes_as_foretold(0, "alpha", permission)
        self.a_member_changes_as_foretold((0, 0), "suspended")
        self.connect_with_everything(0)

    @rule(organisation=which, role=st.sampled_from(CATALOG_ROLES), permission=st.sampled_from(EVERYTHING))
    def a_role_changes_as_foretold(self, organisation: int, role: str, permission: str) -> None:
        held = self.model.own_roles.get((organisation, role), self.model.catalog_roles[role])
        gains = permission not in held
        before = self._powers(organisation)
        foretold = self._foretell(organisation, RoleChanges(role, permission, gains=gains))

        self.define_role(organisation, role, held | {permission} if gains else held - {permission})

        self._compare_change(organisation, before, foretold)

    @rule(who=anyone, what=st.sampled_from(("suspended", *CATALOG_ROLES)))
    def a_member_changes_as_foretold(self, who: tuple[int, int], what: str) -> None:
        found = self.model.members.get(who)
        user_id = self.users[who[1]]
        if found is None or (what != "suspended" and found.roles == {what}):
            return
        before = self._powers(who[0])
        if what == "suspended":
            foretold = self._foretell(who[0], MemberIsSuspended(user_id))
            self.stop_or_resume(who, "member")
        else:
            gains = what not in found.roles
            foretold = self._foretell(who[0], MemberRoleChanges(user_id, what, gains=gains))
            self.run(self._set_member(*who, found.roles | {what} if gains else found.roles - {what}, found.custom))

        self._compare_change(who[0], before, foretold)

    def _foretell(self, organisation: int, change: Change) -> Reach:
        place = self.organisations[organisation]
        return self.run(self.deeds.access_reach.what_if(OPERATOR, place, change, Asked(limit=200)))

    def _compare_change(self, organisation: int, before: Powers, foretold: Reach) -> None:
        after = self._powers(organisation)
        come = {
            one: (before[one] - after[one], after[one] - before[one]) for one in before if before[one] != after[one]
        }
        assert _found(foretold) == come


def _found(reach: Reach) -> dict[str, tuple[Names, Names] | None]:
    """What was found, by name, with what is lost and gained."""
    assert reach.members is not None
    assert reach.connections is not None
    assert reach.api_keys is not None
    found = {}
    for member in reach.members.found:
        found[str(member.one.holder.user_id)] = member.difference
    for connection in reach.connections.found:
        holder = connection.one.holder
        place = (holder.organisation_id, holder.user_id, connection.one.connection.app_id)
        found[" ".join(place)] = connection.difference
    for key in reach.api_keys.found:
        found[str(key.one.key.id)] = key.difference
    return {name: None if one is None else (one.lost, one.gained) for name, one in found.items()}


TestExplanationsAgree = ExplanationsAgree.TestCase
TestExplanationsAgree.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
