"""Users, and the hashes of their passwords."""

from dataclasses import replace

from consentry.model.event import Event
from consentry.model.ids import UserId
from consentry.model.organisation import Standing, User
from consentry.storage import events
from consentry.storage.database import Database, Operation, Row, Statement, from_micros, to_micros
from consentry.storage.logout import telling_of_ends

_FIND = "SELECT id, email, name, standing, created_at FROM users WHERE id = $1"
_FIND_BY_EMAIL = "SELECT id, email, name, standing, created_at, password_hash FROM users WHERE email = $1"
_PAGE = "SELECT id, email, name, standing, created_at FROM users WHERE id > $1 ORDER BY id LIMIT $2"
_CREATE = """
INSERT INTO users (id, email, name, password_hash, standing, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (email) DO NOTHING RETURNING id
"""
_RENAME = "UPDATE users SET name = $2 WHERE id = $1 RETURNING id"
_SET_STANDING = "UPDATE users SET standing = $2 WHERE id = $1 AND standing <> $2 RETURNING id"
_SET_PASSWORD = "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING id"  # noqa: S105 - a statement
_END_SESSIONS = "UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL RETURNING id"


def _setting_password(user_id: UserId, password_hash: str, event: Event) -> Operation[bool]:
    """Whoever knew the old password may be signed in with it, so every session ends with it."""
    rows = yield Statement(_SET_PASSWORD, (user_id, password_hash))
    if rows:
        yield from _ending_sessions(user_id, event)
        yield events.append(event)
    return bool(rows)


def _ending_sessions(user_id: UserId, event: Event) -> Operation[int]:
    at = to_micros(event.at)
    ended = yield Statement(_END_SESSIONS, (user_id, at))
    if ended:
        yield from telling_of_ends(user_id, at, ended=True)
    return len(ended)


def _signing_out_everywhere(user_id: UserId, event: Event) -> Operation[int]:
    ended = yield from _ending_sessions(user_id, event)
    yield events.append(replace(event, details={**event.details, "sessions_ended": str(ended)}))
    return ended


def _setting_standing(user_id: UserId, standing: Standing, event: Event) -> Operation[bool]:
    """A suspended user's sessions do nothing, and work again when the user is reinstated; apps are told at once."""
    if not (yield Statement(_SET_STANDING, (user_id, standing))):
        return False
    if standing is Standing.SUSPENDED:
        yield from telling_of_ends(user_id, to_micros(event.at), ended=False)
    yield events.append(event)
    return True


class SqlUserStore:
    """Keeps users in the database; the `UserStore` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user, or None."""
        rows = await self._database.read(_FIND, user_id)
        return user_of(rows[0]) if rows else None

    async def find_user_by_email(self, email: str) -> User | None:
        """Return the user of this normalised address, or None."""
        rows = await self._database.read(_FIND_BY_EMAIL, email)
        return user_of(rows[0]) if rows else None

    async def find_password(self, email: str) -> tuple[User, str | None] | None:
        """Return the user of this normalised address with the hash of the password, or None."""
        rows = await self._database.read(_FIND_BY_EMAIL, email)
        return (user_of(rows[0]), rows[0][5]) if rows else None

    async def page(self, *, after: UserId | None, limit: int) -> list[User]:
        """Return up to `limit` users in the order of their creation."""
        return [user_of(row) for row in await self._database.read(_PAGE, after or "", limit)]

    async def create(self, user: User, password_hash: str | None, event: Event) -> bool:
        """Write a new user; False if the address is in use."""
        args = (user.id, user.email, user.name, password_hash, user.standing, to_micros(user.created_at))
        return await self._database.write(events.changing, Statement(_CREATE, args), event)

    async def rename(self, user_id: UserId, name: str, event: Event) -> bool:
        """Set the name; False if there is no such user."""
        return await self._database.write(events.changing, Statement(_RENAME, (user_id, name)), event)

    async def set_standing(self, user_id: UserId, standing: Standing, event: Event) -> bool:
        """Set the standing; False if there is no such user, or they stand so already."""
        return await self._database.write(_setting_standing, user_id, standing, event)

    async def set_password(self, user_id: UserId, password_hash: str, event: Event) -> bool:
        """Set the password and end every session of the user; False if there is no such user."""
        return await self._database.write(_setting_password, user_id, password_hash, event)

    async def end_sessions(self, user_id: UserId, event: Event) -> int:
        """End every session of the user, and see to it that their apps are told; return how many."""
        return await self._database.write(_signing_out_everywhere, user_id, event)


def user_of(row: Row) -> User:
    """Return the user of a row that begins with `id, email, name, standing, created_at`."""
    return User(UserId(row[0]), row[1], row[2], Standing(row[3]), from_micros(row[4]))
