"""What every store needs of an engine: a read, and a transaction written once for both engines.

SQL has `$1` placeholders. A write is an *operation*: a generator function that yields statements, receives their rows,
and returns its result; the engine runs it as one transaction and commits before the caller gets the result. An
operation that raises is rolled back whole. Because an engine may have to run it again, an operation does nothing but
yield statements and compute.

A statement that must see a row as it will be at the end of the transaction reads it `FOR SHARE`; SQLite, where a
transaction that writes has the file to itself, leaves that out.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar

from consentry.model.micros import from_micros, from_micros_or_none, to_micros, to_micros_or_none

__all__ = [
    "LARGE_PART",
    "SMALL_PART",
    "Database",
    "KeyedRead",
    "Operation",
    "P",
    "Row",
    "SetWrite",
    "Statement",
    "T",
    "Value",
    "from_micros",
    "from_micros_or_none",
    "to_micros",
    "to_micros_or_none",
]

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]

T = TypeVar("T")
P = ParamSpec("P")


class Statement(NamedTuple):
    """One SQL statement with its arguments, for use inside an operation."""

    sql: str
    args: tuple[Value, ...] = ()


SMALL_PART, LARGE_PART = 8, 24
"""Parts of a `KeyedRead`: where a row takes as long to read as to use, and where using it takes several times that."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyedRead:
    """A read of rows by one text key, which an engine may answer for many callers in one statement.

    `sql` selects the key as its first column, and holds the placeholder `{key}` where the condition on it stands, as in
    `WHERE t.id {key}`. It takes no other argument. Make one for each statement, and keep it: it is told by identity.
    `for_one` is the statement for the key `$1`, on either engine; `for_many` that for an array of keys, on PostgreSQL.
    Where many ask at once, two of these share them if each gets `part_least` keys: one is read while the rows of the
    other are used. What takes longer to use than to read needs no such help, and is cheaper in few large statements.
    """

    sql: str
    part_least: int = SMALL_PART
    for_one: str = field(init=False)
    for_many: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "for_one", self.sql.replace("{key}", "= $1"))
        object.__setattr__(self, "for_many", self.sql.replace("{key}", "= ANY ($1::text[])"))


Operation: TypeAlias = Generator[Statement, Sequence[Row], T]


FEW = "place BETWEEN 1 AND 1000000"
"""Holds of every place in a set. PostgreSQL's planner, which knows nothing of the places, takes a range for few rows.

So it looks each row up by its key. Without this it reads the whole of a table that was small when it planned, and goes
on doing so while the table grows.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SetWrite:
    """A change that many ask for at once, each with values of its own, and each of them is done or not.

    `one` does it for one of them and tells whether it was done. `many` does it for all of them in one statement of
    PostgreSQL: `$n` is the array of their n-th values, and it returns the places, from 1, of those for whom it was
    done. Those whom it leaves out are then done by `one`: it may leave out whoever comes twice, and whoever would have
    to wait for a row.
    """

    one: Callable[..., Operation[bool]]
    many: str


class Database(Protocol):
    """A database that answers strict reads and runs operations."""

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement that changes nothing, as committed now."""
        ...

    def read_by_key(self, read: KeyedRead, key: str) -> Awaitable[Sequence[Row]]:
        """Return the rows of `key`, as committed after the call began; where `read_together` was said, after that."""
        ...

    def read_together(self) -> None:
        """Let the reads of what waits in the event loop now share what can be shared.

        Said by a server for each request that it has received whole, before any step of answering it: all of them then
        see what is committed when the first of those steps begins, or later. Only for a loop whose steps wait for
        nothing in between, as those of our own server.
        """
        ...

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` as one transaction; return its result once it is durable."""
        ...

    async def write_set(self, write: SetWrite, *values: Value) -> bool:
        """Do the write together with all who ask for it now; tell whether it was done for this one, once durable."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        ...
