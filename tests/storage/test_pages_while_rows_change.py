"""A list read page by page while rows come and go gives every row that was left alone exactly once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app_builders import writing
from consentry.model.ids import ApiKeyId, ClientId, ConnectionId, EventId, OrganisationId, UserId
from consentry.ports.connections import ConnectionFilter
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.apps import SqlAppStore
from consentry.storage.connections import SqlConnectionStore
from consentry.storage.database import Database, Statement, Value
from consentry.storage.events import EventStore
from consentry.storage.explanations import SqlExplanationStore
from consentry.storage.members import SqlMemberStore
from consentry.storage.organisations import SqlOrganisationStore
from consentry.storage.users import SqlUserStore

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: how a row comes into it, how it goes, and how a page of it is read, as identifiers."""

    add: str
    remove: str
    read: Callable[[Database, OrganisationId, str | None, int], Awaitable[Sequence[str]]]
    user_first: bool = True


async def _apps(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    found = await SqlAppStore(database).page(where, after=None if after is None else ClientId(after), limit=limit)
    return [one.client_id for one in found]


async def _connections(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else ConnectionId(after)
    found = await SqlConnectionStore(database).page(ConnectionFilter(where), after=after_id, limit=limit)
    return [one.details.connection.id for one in found]


async def _connections_seen(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else ConnectionId(after)
    found = await SqlExplanationStore(database).connections(where, after=after_id, limit=limit)
    return [one.connection.id for one in found]


async def _keys(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else ApiKeyId(after)
    found = await SqlApiKeyStore(database).page(where, None, after=after_id, limit=limit)
    return [one.key.id for one in found]


async def _keys_seen(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else ApiKeyId(after)
    return [one.key.id for one in await SqlExplanationStore(database).keys(where, after=after_id, limit=limit)]


async def _events(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    before = None if after is None else EventId(after)
    return [one.id for one in await EventStore(database).page(where, before=before, limit=limit)]


async def _members(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else UserId(after)
    return [one.user.id for one in await SqlMemberStore(database).page(where, after=after_id, limit=limit)]


async def _members_seen(database: Database, where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else UserId(after)
    found = await SqlExplanationStore(database).members(where, after=after_id, limit=limit)
    return [one.holder.user_id for one in found]


async def _users(database: Database, _where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else UserId(after)
    return [one.id for one in await SqlUserStore(database).page(after=after_id, limit=limit)]


async def _organisations(database: Database, _where: OrganisationId, after: str | None, limit: int) -> Sequence[str]:
    after_id = None if after is None else OrganisationId(after)
    return [one.id for one in await SqlOrganisationStore(database).page(after=after_id, limit=limit)]


ADD_USER = "INSERT INTO users (id, email, name, standing, created_at) VALUES ($1, $1, 'U', 'active', 0)"
ADD_ORGANISATION = "INSERT INTO organisations (id, name, standing, created_at) VALUES ($1, 'O', 'active', 0)"
ADD_APP = """
INSERT INTO apps (id, client_id, organisation_id, name, type, redirect_uris, required_scopes, optional_scopes,
                  require_pkce, status, created_at, updated_at)
VALUES ($1, $1, $2, 'A', 'public', 'https://a.test/', '', '', 1, 'active', 0, 0)
"""
ADD_CONNECTION = """
INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at)
VALUES ($1, $2, $1, $2, '', '', 0, 0)
"""
ADD_KEY = """
INSERT INTO api_keys (id, organisation_id, user_id, name, permissions, digest, hint, allowed_networks, created_at,
                      updated_at)
VALUES ($1, $2, $1, '', '', $3, '', '', 0, 0)
"""
ADD_EVENT = """
INSERT INTO events (id, at, kind, organisation_id, subject, details) VALUES ($1, 0, 'user.signed_in', $2, '', '{}')
"""
ADD_MEMBER = "INSERT INTO members (organisation_id, user_id, standing, created_at) VALUES ($2, $1, 'active', 0)"
END_CONNECTION = "UPDATE connections SET ended_at = 1, ended_by = 'user' WHERE id = $1"
REVOKE_KEY = "UPDATE api_keys SET revoked_at = 1 WHERE id = $1"
LEAVE = "DELETE FROM members WHERE user_id = $1"

LISTS = {
    "apps": Listed(ADD_APP, "UPDATE apps SET status = 'deleted' WHERE id = $1", _apps, user_first=False),
    "connections": Listed(ADD_CONNECTION, END_CONNECTION, _connections),
    "connections that can": Listed(ADD_CONNECTION, END_CONNECTION, _connections_seen),
    "API keys": Listed(ADD_KEY, "DELETE FROM api_keys WHERE id = $1", _keys),
    "API keys that can": Listed(ADD_KEY, REVOKE_KEY, _keys_seen),
    "events": Listed(ADD_EVENT, "DELETE FROM events WHERE id = $1", _events, user_first=False),
    "members": Listed(ADD_MEMBER, LEAVE, _members),
    "members who can": Listed(ADD_MEMBER, LEAVE, _members_seen),
    "users": Listed(ADD_USER, "DELETE FROM users WHERE id = $1", _users, user_first=False),
    "organisations": Listed(
        ADD_ORGANISATION, "DELETE FROM organisations WHERE id = $1", _organisations, user_first=False
    ),
}
PLACES = st.integers(0, 99)


class Walk:
    """One list of an organisation of its own, changed between its pages."""

    def __init__(self, database: Database, listed: Listed) -> None:
        self._database, self._listed = database, listed
        self._number = next(_numbers)
        self.organisation = OrganisationId(f"org_{self._number:06}")

    async def begin(self) -> None:
        await self._write(ADD_ORGANISATION, self.organisation)
        # The app of the connections has the organisation's own name.
        await self._write(ADD_APP, self.organisation, self.organisation)

    def name(self, place: int) -> str:
        return f"row_{self._number:06}_{place:02}"

    async def add(self, place: int) -> None:
        name = self.name(place)
        if self._listed.user_first:
            await self._write(f"{ADD_USER} ON CONFLICT DO NOTHING", name)
        args = (name, self.organisation, b"digest")
        await self._write(self._listed.add, *(arg for at, arg in enumerate(args, 1) if f"${at}" in self._listed.add))

    async def remove(self, place: int) -> None:
        await self._write(self._listed.remove, self.name(place))

    async def page(self, after: str | None, limit: int) -> Sequence[str]:
        return await self._listed.read(self._database, self.organisation, after, limit)

    async def _write(self, sql: str, *args: Value) -> None:
        await self._database.write(writing, Statement(sql, args))


@pytest.mark.parametrize("name", LISTS)
@given(
    there=st.sets(PLACES, min_size=1, max_size=8),
    limit=st.integers(1, 3),
    changes=st.lists(st.tuples(st.booleans(), PLACES), max_size=6),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_left_alone_is_listed_once(
    database: Database, name: str, there: set[int], limit: int, changes: list[tuple[bool, int]]
) -> None:
    walk = Walk(database, LISTS[name])
    await walk.begin()
    for place in there:
        await walk.add(place)
    touched: set[int] = set()
    seen: list[str] = []
    waiting = list(changes)

    while page := await walk.page(seen[-1] if seen else None, limit):
        assert len(page) <= limit
        seen += page
        if waiting:
            comes, place = waiting.pop()
            # Each row comes once, or goes once: what goes and comes again may rightly be seen twice.
            if comes and place not in there | touched:
                await walk.add(place)
                touched.add(place)
            elif not comes and place in there - touched:
                await walk.remove(place)
                touched.add(place)

    assert len(seen) == len(set(seen))
    assert {walk.name(place) for place in there - touched} <= set(seen)
