"""An app that acts by itself, where the product says what members hold: it answers for the app's own user too."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from forms import DirectoryWorld, InView, run

from consentry.flows.sign_in import SignInRefused
from consentry.model.access import Access, Reason, Refused
from consentry.model.faults import InvalidInputError
from consentry.model.ids import UserId
from consentry.model.organisation import Standing
from consentry.model.permission import render_permissions
from consentry.model.secret import Secret
from consentry.model.service_member import is_service_email, service_user_id
from consentry.oauth.client_metadata import CLIENT_CREDENTIALS
from consentry.oauth.errors import ErrorCode
from consentry.ports.directory import Holding
from protocol_world import ADDRESS, OPERATOR, Party, refused, register

pytestmark = pytest.mark.parametrize("world", ["view", "object"], indirect=True)

Says: TypeAlias = Callable[[Holding | None], Awaitable[None]]
"""What the product says of the app's user from now on; None: nothing."""

MAIL = "bo.and.the.robot@acme.test"
READS = Holding(permissions=frozenset({"invoice.read"}))


@dataclass(frozen=True, slots=True)
class Robot:
    """An app that was allowed to act for the organisation that owns it."""

    world: DirectoryWorld
    party: Party
    says: Says

    @property
    def user_id(self) -> UserId:
        return service_user_id(self.party.app.id)

    async def token(self) -> str:
        return (await self.world.protocol.token(self.party, grant_type=CLIENT_CREDENTIALS)).access_token

    async def check(self, token: str) -> Access | Refused:
        here, elsewhere = await self.world.protocol.check(token), await self.world.guard.check(token)
        assert type(here) is type(elsewhere)
        return here


@pytest.fixture
async def robot(world: DirectoryWorld) -> Robot:
    deeds = world.protocol.deeds
    owner = world.protocol.web.app.organisation_id
    party = await register(deeds, owner, name="Robot", required_scopes=("invoicing:write",))
    await deeds.services.members.allow(OPERATOR, party.app.client_id)
    user_id = service_user_id(party.app.id)

    async def by_view(holding: Holding | None) -> None:
        forget = ("DELETE FROM product_staff WHERE person = $1", (user_id,))
        if holding is None:
            await run(deeds, forget)
            return
        rights, locked = render_permissions(holding.permissions or frozenset()), holding.standing != Standing.ACTIVE
        known = ("INSERT INTO product_people VALUES ($1, $2, 'The robot') ON CONFLICT DO NOTHING", (user_id, MAIL))
        member = ("INSERT INTO product_staff VALUES ($1, $2, NULL, $3, $4)", (owner, user_id, rights, int(locked)))
        await run(deeds, known, forget, member)

    async def by_object(holding: Holding | None) -> None:
        world.product.holding = holding

    says: Says = by_view if isinstance(world.bo, InView) else by_object
    await says(None)
    return Robot(world, party, says)


async def test_it_may_do_nothing_before_the_product_answers_for_it(robot: Robot) -> None:
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await robot.token()


async def test_it_may_do_what_the_product_says_now_and_no_more_than_was_allowed(robot: Robot) -> None:
    await robot.says(Holding(permissions=frozenset({"invoice.read", "invoice.write", "member.manage"})))
    token = await robot.token()
    wide = await robot.check(token)
    await robot.says(READS)
    narrow = await robot.check(token)

    assert isinstance(wide, Access)
    assert isinstance(narrow, Access)
    assert wide.user_id == robot.user_id
    assert wide.permissions == {"invoice.read", "invoice.write"}
    assert narrow.permissions == {"invoice.read"}


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        pytest.param(None, Reason.MEMBER_REMOVED, id="removed"),
        pytest.param(
            Holding(permissions=READS.permissions, standing=Standing.SUSPENDED), Reason.MEMBER_SUSPENDED, id="suspended"
        ),
    ],
)
async def test_what_the_product_takes_away_is_gone_on_the_next_check(
    robot: Robot, then: Holding | None, reason: Reason
) -> None:
    await robot.says(READS)
    token = await robot.token()
    assert isinstance(await robot.check(token), Access)

    await robot.says(then)

    answer = await robot.check(token)
    assert isinstance(answer, Refused)
    assert answer.reason is reason
    with refused(ErrorCode.UNAUTHORIZED_CLIENT):
        await robot.token()


async def test_it_can_be_stopped_and_allowed_again(robot: Robot) -> None:
    members, client_id = robot.world.protocol.deeds.services.members, robot.party.app.client_id
    await robot.says(READS)
    token = await robot.token()

    await members.stop(OPERATOR, client_id)
    stopped = await robot.check(token)
    await members.allow(OPERATOR, client_id)

    assert isinstance(stopped, Refused)
    assert isinstance(await robot.check(token), Refused)
    assert isinstance(await robot.check(await robot.token()), Access)


async def test_with_whatever_address_the_product_has_for_it_it_stays_an_app_that_cannot_sign_in(robot: Robot) -> None:
    people = robot.world.protocol.deeds.people
    await robot.says(READS)

    user = await people.users.get(OPERATOR, robot.user_id)

    assert is_service_email(user.email)
    assert user.name == "Robot"
    with pytest.raises(InvalidInputError):
        await people.users.set_password(OPERATOR, robot.user_id, Secret("correct horse battery"))
    answer = await robot.world.protocol.deeds.sign_in.sign_in(MAIL, Secret("correct horse battery"), address=ADDRESS)
    assert isinstance(answer, SignInRefused)
