"""Members read from a view over the product's own tables, in place of ours, inside the statements that read them.

Every statement of every store passes here, so that none can go on reading our tables by mistake. Organisations and
users stay ours, with the identifiers that the view gives them (storage/view_people.py): what hangs on them refers to
them, and suspending one here still cuts it off.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache

from consentry.settings_values import sqlite_path
from consentry.storage.database import Database, KeyedRead, Operation, P, Row, SetWrite, Statement, T, Value
from consentry.storage.holder import MEMBER_COLUMNS

_JOINED = re.compile(r"LEFT JOIN members m ON m\.organisation_id = \S+ AND m\.user_id = (?P<user>\S+)")
_LISTED = re.compile(r"\bFROM members\b")


class ViewSource:
    """Composes statements over one view. `name` was checked when the settings were read."""

    def __init__(self, url: str, name: str) -> None:
        self.view = ".".join(f'"{part}"' for part in name.split("."))
        # Ours sort by bytes; without this, PostgreSQL could not use the product's own indexes.
        self._theirs = "" if sqlite_path(url) is not None else ' COLLATE "default"'
        self._at_once = sqlite_path(url) is None
        self.compose = lru_cache(maxsize=1024)(self._compose)

    @property
    def probe(self) -> str:
        """A statement that fails unless the view has the columns that are needed, all of them text."""
        columns = "organisation_id, organisation_name, user_id, email, name, standing, roles, permissions"
        lowered = ", ".join(f"lower({column})" for column in columns.split(", "))
        return f"SELECT {lowered} FROM {self.view} LIMIT 0"  # noqa: S608 - the name was checked

    def _compose(self, sql: str) -> str:
        members = f"(SELECT organisation_id, user_id, 0 AS created_at FROM {self.view})"  # noqa: S608 - see above
        joined = _JOINED.search(sql)
        if joined is not None:
            columns, join = self._member_columns(joined["user"])
            sql = sql.replace(MEMBER_COLUMNS, columns).replace(joined[0], join)
        return _LISTED.sub(f"FROM {members}", sql)

    def _member_columns(self, user: str) -> tuple[str, str]:
        """Return what stands in place of our columns and of our join, which goes by the column `user`."""
        # Two rows for one member contradict each other, so they make nobody active.
        standing = """
            CASE WHEN count(*) = 0 THEN NULL WHEN count(*) = 1 AND max(v.standing) = 'active' THEN 'active'
            ELSE 'suspended' END
        """
        # Names only: a definition of a role (`name=permission`) is not the view's to give.
        roles = "replace(replace(replace(coalesce(max(v.roles), ''), '=', '?'), ';', '?'), ' ', ';')"
        if self._at_once:
            named = f"{standing} AS standing, {roles} AS roles, max(v.permissions) AS permissions"
            return "m.standing, m.roles, m.permissions", f"LEFT JOIN LATERAL {self._value(named, user)} m ON true"
        # One value each: SQLite has no LATERAL, and a plain join makes it read the whole of a view that joins tables.
        columns = (standing, roles, "max(v.permissions)")
        return ", ".join(self._value(expression, user) for expression in columns), ""

    def _value(self, expressions: str, user: str) -> str:
        return (
            f"(SELECT {expressions} FROM {self.view} v "  # noqa: S608 - see above
            f"WHERE v.organisation_id = o.id{self._theirs} AND v.user_id = {user}{self._theirs})"
        )


class ViewDatabase:
    """A database in which every statement reads members from the view."""

    def __init__(self, database: Database, source: ViewSource) -> None:
        self.view = source.view
        self._database = database
        self._compose = source.compose
        self._compose_set = lru_cache(maxsize=64)(
            lambda write: SetWrite(self._composing(write.one), source.compose(write.many))
        )
        self._compose_keyed = lru_cache(maxsize=64)(lambda read: KeyedRead(source.compose(read.sql)))

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement, as committed now."""
        return await self._database.read(self._compose(sql), *args)

    def read_by_key(self, read: KeyedRead, key: str) -> Awaitable[Sequence[Row]]:
        """Return the rows of `key`, as committed at a moment after the call began."""
        return self._database.read_by_key(self._compose_keyed(read), key)

    def read_together(self) -> None:
        """Let the reads of what waits in the event loop now share what can be shared."""
        self._database.read_together()

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` as one transaction; return its result once it is durable."""
        return await self._database.write(self._composing(operation), *args, **kwargs)

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write together with all who ask for it now; tell whether it was done for this one, once durable."""
        return await self._database.write_set(self._compose_set(write), *values)

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    def _composing(self, operation: Callable[P, Operation[T]]) -> Callable[P, Operation[T]]:
        def composed(*args: P.args, **kwargs: P.kwargs) -> Operation[T]:
            inner = operation(*args, **kwargs)
            try:
                statement = next(inner)
                while True:
                    rows = yield Statement(self._compose(statement.sql), statement.args)
                    statement = inner.send(rows)
            except StopIteration as done:
                result: T = done.value
            return result

        return composed
