"""What a `postgresql://` URL says: the address as the driver reads it, and two parameters of our own."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

POOL, POOL_LEAST, POOL_MOST = 16, 2, 200
_OURS = {"pool", "pgbouncer"}


class PostgresUrlError(ValueError):
    """A parameter of ours has a value that it cannot have; the text says which, and never the URL."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """The address of a PostgreSQL database.

    `dsn` is what the driver is given. `pool` is the most connections that one process opens: 2 to 200. `pgbouncer`
    says that PgBouncer, or a pooler like it, may give every transaction another connection to the server, so that
    nothing can be kept on one.
    """

    dsn: str
    pool: int = POOL
    pgbouncer: bool = False


def parse_postgres_url(url: str) -> PostgresUrl:
    """Return what a `postgresql://` URL says. Raises PostgresUrlError for a parameter of ours that cannot be used."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    ours = dict(pair for pair in given if pair[0] in _OURS)
    if not ours:
        return PostgresUrl(url)
    query = urlencode([pair for pair in given if pair[0] not in _OURS], safe="/,:")
    return PostgresUrl(
        urlunsplit(parts._replace(query=query)),
        _pool(ours.get("pool", str(POOL))),
        _pgbouncer(ours.get("pgbouncer", "false")),
    )


def _pool(text: str) -> int:
    if text.isascii() and text.isdigit() and POOL_LEAST <= int(text[:10]) <= POOL_MOST:
        return int(text)
    raise PostgresUrlError(f"has a pool that is not a whole number from {POOL_LEAST} to {POOL_MOST}.")


def _pgbouncer(text: str) -> bool:
    if text not in {"true", "false"}:
        raise PostgresUrlError("has a pgbouncer that is neither true nor false.")
    return text == "true"
