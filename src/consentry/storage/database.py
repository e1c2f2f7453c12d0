"""What every store needs of an engine: a read, and a transaction written once for both engines.

SQL has `$1` placeholders. A write is an *operation*: a generator function that yields statements, receives their rows,
and returns its result; the engine runs it as one transaction and commits before the caller gets the result. An
operation that raises is rolled back whole. Because an engine may have to run it again, an operation does nothing but
yield statements and compute.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its arguments, for use inside an operation."""

    sql: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class KeyedRead:
    """A read of rows by one text key, which an engine may answer for many callers in one statement.

    `sql` selects the key as its first column, and holds the placeholder `{key}` where the condition on it stands, as in
    `WHERE t.id {key}`. It takes no other argument. Make one for each statement, and keep it: it is told by identity.
    """

    sql: str

    def where(self, condition: str) -> str:
        """Return the statement with this condition on the key."""
        return self.sql.replace("{key}", condition)


Operation: TypeAlias = Generator[Statement, Sequence[Row], T]


class Database(Protocol):
    """A database that answers strict reads and runs operations."""

    async def read(self, sql: str, *args: Value) -> Sequence[Row]:
        """Return the rows of one statement that changes nothing, as committed now."""
        ...

    async def read_by_key(self, read: KeyedRead, key: str) -> Sequence[Row]:
        """Return the rows of `key`, as committed at a moment after the call began."""
        ...

    async def write(self, operation: Callable[P, Operation[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `operation` as one transaction; return its result once it is durable."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        ...


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return microseconds since the epoch, as every `*_at` column holds them."""
    return (moment - _EPOCH) // _MICROSECOND


def to_micros_or_none(moment: datetime | None) -> int | None:
    """Return microseconds since the epoch, or None."""
    return None if moment is None else to_micros(moment)


def from_micros(value: int) -> datetime:
    """Return the aware UTC datetime of a `*_at` column."""
    return _EPOCH + timedelta(microseconds=value)


def from_micros_or_none(value: int | None) -> datetime | None:
    """Return the aware UTC datetime of a `*_at` column that may be empty."""
    return None if value is None else from_micros(value)
