"""Members as an object of the product's says, when Consentry is embedded.

Organisations, users and who belongs where are kept in our tables, so that pages and lists can be made. What a member
holds, and whether they are one still, is asked of the object for everything that is decided.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from consentry.log import Log
from consentry.model.ids import ApiKeyId, CodeId, ConnectionId, FamilyId, OrganisationId, TokenId, UserId
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.live_grant import LiveCode, LiveFamily
from consentry.model.membership import Holder, Membership, render_role_grants
from consentry.model.organisation import RoleGrant
from consentry.model.permission import render_permissions
from consentry.ports.connections import ConnectionFilter, FoundConnection
from consentry.ports.directory import DirectoryUnavailableError, Holding, LiveDirectory, Pair
from consentry.ports.explanations import ConnectionInSight, KeyInSight, MemberInSight
from consentry.storage.connections import SqlConnectionStore
from consentry.storage.credentials import SqlCredentialStore
from consentry.storage.database import Database
from consentry.storage.explanations import SqlExplanationStore
from consentry.storage.members import SqlMemberStore

TIMEOUT_SECONDS = 2.0

_log = Log(__name__)


class PresentHolders:
    """Asks the directory, once for all that wait in one turn of the event loop. Nothing is remembered."""

    def __init__(self, directory: LiveDirectory, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._directory = directory
        self._timeout = timeout_seconds
        self._waiting: dict[Pair, list[asyncio.Future[Holding | None]]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def settle(self, holder: Holder) -> Holder:
        """Return the holder with what the directory says now; raises DirectoryUnavailableError."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._ask)
        answer: asyncio.Future[Holding | None] = loop.create_future()
        self._waiting.setdefault((holder.organisation_id, holder.user_id), []).append(answer)
        return _held(holder, await answer)

    async def settle_all(self, holders: Sequence[Holder]) -> list[Holder]:
        """Do the same for several, at once."""
        return list(await asyncio.gather(*map(self.settle, holders)))

    def _ask(self) -> None:
        waiting, self._waiting = self._waiting, {}
        task = asyncio.get_running_loop().create_task(self._answer(waiting))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, waiting: dict[Pair, list[asyncio.Future[Holding | None]]]) -> None:
        fault: Exception | None = None
        found: dict[Pair, Holding | None] = {}
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._directory.find_holders(tuple(waiting))
            found = {pair: _checked(answer.get(pair)) for pair in waiting}
        except Exception as raised:  # noqa: BLE001 - whatever the product's object raises, nobody is let in
            # Its text may hold data, so the log gets the kind only.
            _log.critical("directory_failed", fault=type(raised).__name__)
            fault = DirectoryUnavailableError("The directory of the product did not answer.")
        for pair, futures in waiting.items():
            for future in futures:
                if future.done():
                    continue
                if fault is None:
                    future.set_result(found[pair])
                else:
                    future.set_exception(fault)


def _checked(answer: object) -> Holding | None:
    if answer is None or isinstance(answer, Holding):
        return answer
    raise TypeError("Not a Holding.")


def _held(holder: Holder, holding: Holding | None) -> Holder:
    if holding is None:
        return replace(holder, member_standing=None, roles="", custom_permissions=None)
    permissions = None if holding.permissions is None else render_permissions(holding.permissions)
    roles = render_role_grants([RoleGrant(name, None) for name in holding.roles])
    return replace(holder, member_standing=holding.standing, roles=roles, custom_permissions=permissions)


class AskedCredentialStore(SqlCredentialStore):
    """Credentials, each with what its user holds as the directory says now."""

    def __init__(self, database: Database, present: PresentHolders) -> None:
        super().__init__(database)
        self._present = present

    async def find_access_token(self, token_id: TokenId) -> LiveToken | None:
        """Return the token and all it hangs on, or None."""
        found = await super().find_access_token(token_id)
        return None if found is None else found.held_by(await self._present.settle(found.holder))

    async def find_api_key(self, key_id: ApiKeyId) -> LiveApiKey | None:
        """Return the key and all it hangs on, or None."""
        found = await super().find_api_key(key_id)
        return None if found is None else found.held_by(await self._present.settle(found.holder))

    async def find_code(self, code_id: CodeId) -> LiveCode | None:
        """Return the code and all it hangs on, or None."""
        found = await super().find_code(code_id)
        return None if found is None else found.held_by(await self._present.settle(found.holder))

    async def find_family(self, family_id: FamilyId) -> LiveFamily | None:
        """Return the family and all it hangs on, or None."""
        found = await super().find_family(family_id)
        return None if found is None else found.held_by(await self._present.settle(found.holder))


class AskedMemberStore(SqlMemberStore):
    """Who belongs where, from our tables, with what they hold as the directory says now."""

    def __init__(self, database: Database, present: PresentHolders) -> None:
        super().__init__(database)
        self._present = present

    async def find_holder(self, organisation_id: OrganisationId, user_id: UserId) -> Holder | None:
        """Return the user in the organisation as the directory says now, or None where either does not exist."""
        found = await super().find_holder(organisation_id, user_id)
        return None if found is None else await self._present.settle(found)

    async def memberships_of(self, user_id: UserId) -> list[Membership]:
        """Return the user's organisations by name."""
        found = await super().memberships_of(user_id)
        present = await self._present.settle_all([one.holder for one in found])
        return [replace(one, holder=holder) for one, holder in zip(found, present, strict=True)]


class AskedConnectionStore(SqlConnectionStore):
    """Connections, each with what its user holds as the directory says now."""

    def __init__(self, database: Database, present: PresentHolders) -> None:
        super().__init__(database)
        self._present = present

    async def find(self, connection_id: ConnectionId) -> FoundConnection | None:
        """Return the connection, live or ended, or None."""
        found = await super().find(connection_id)
        return None if found is None else replace(found, holder=await self._present.settle(found.holder))

    async def page(
        self, wanted: ConnectionFilter, *, after: ConnectionId | None, limit: int
    ) -> tuple[FoundConnection, ...]:
        """Return up to `limit` connections, newest first."""
        found = await super().page(wanted, after=after, limit=limit)
        present = await self._present.settle_all([one.holder for one in found])
        return tuple(replace(one, holder=holder) for one, holder in zip(found, present, strict=True))


class AskedExplanationStore(SqlExplanationStore):
    """The reads behind explanations, each with what the user holds as the directory says now."""

    def __init__(self, database: Database, present: PresentHolders) -> None:
        super().__init__(database)
        self._present = present

    async def find_connection(self, connection_id: ConnectionId) -> ConnectionInSight | None:
        """Return the connection, live or ended, or None."""
        found = await super().find_connection(connection_id)
        return None if found is None else replace(found, holder=await self._present.settle(found.holder))

    async def find_key(self, key_id: ApiKeyId) -> KeyInSight | None:
        """Return the key, whatever became of it, or None."""
        found = await super().find_key(key_id)
        return None if found is None else (await self._settled([found]))[0]

    async def find_member(self, organisation_id: OrganisationId, user_id: UserId) -> MemberInSight | None:
        """Return the member, or None."""
        found = await super().find_member(organisation_id, user_id)
        return None if found is None else replace(found, holder=await self._present.settle(found.holder))

    async def members(
        self, organisation_id: OrganisationId, *, after: UserId | None, limit: int
    ) -> Sequence[MemberInSight]:
        """Return members, in the order in which their users were created."""
        found = await super().members(organisation_id, after=after, limit=limit)
        present = await self._present.settle_all([one.holder for one in found])
        return [replace(one, holder=holder) for one, holder in zip(found, present, strict=True)]

    async def connections(
        self, organisation_id: OrganisationId, *, after: ConnectionId | None, limit: int
    ) -> Sequence[ConnectionInSight]:
        """Return connections that have not ended, newest first."""
        found = await super().connections(organisation_id, after=after, limit=limit)
        present = await self._present.settle_all([one.holder for one in found])
        return [replace(one, holder=holder) for one, holder in zip(found, present, strict=True)]

    async def keys(
        self, organisation_id: OrganisationId, *, after: ApiKeyId | None, limit: int
    ) -> Sequence[KeyInSight]:
        """Return API keys that were not revoked, newest first."""
        return await self._settled(await super().keys(organisation_id, after=after, limit=limit))

    async def _settled(self, keys: Sequence[KeyInSight]) -> list[KeyInSight]:
        present = await self._present.settle_all([one.key.holder for one in keys])
        return [replace(one, key=one.key.held_by(holder)) for one, holder in zip(keys, present, strict=True)]
