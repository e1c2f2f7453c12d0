"""How a connection to PostgreSQL begins: at a server that takes writes, directly or through PgBouncer.

A standby is refused, whichever hosts the URL names: it may be behind, and would let through what was revoked.
"""

import asyncio
from typing import Any

import asyncpg

from consentry.postgres_url import PostgresUrl

CONNECT_TIMEOUT_SECONDS = 10.0
COMMAND_TIMEOUT_SECONDS = 30.0
_STATEMENT_CACHE = 1024

_NAME = {"application_name": "consentry", "timezone": "UTC"}
_SESSION = _NAME | {
    # With `auto` a connection plans a join of six tables anew for every check, at twenty times the cost of the read.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    # What is read often is in memory. With the default, which is for disks that turn, a check reads all of a table that
    # is small rather than look up the one row that it needs.
    "random_page_cost": "1.1",
    "default_transaction_isolation": "read committed",
}


class PooledConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """A connection through a pooler that may give every transaction another connection to the server.

    A statement takes two messages with an answer each, so that it has a transaction around it wherever it has none
    yet. READ WRITE, which a standby refuses: whoever the pooler leads to must be the one that takes writes.
    """

    __slots__ = ()

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """Return the rows of one statement."""
        if self.is_in_transaction():
            return await super().fetch(query, *args, **options)
        await self.execute("BEGIN READ WRITE")
        try:
            rows = await super().fetch(query, *args, **options)
            await self.execute("COMMIT")
        except asyncio.CancelledError:
            # Whoever is lent it next must not find a transaction under way, and there is no more time to end this one.
            self.terminate()
            raise
        except Exception:
            if not self.is_closed():
                await self.execute("ROLLBACK")
            raise
        return rows


def connecting(url: PostgresUrl) -> dict[str, Any]:
    """Return the arguments with which asyncpg connects, and with which its pool does."""
    # What PgBouncer is not told to ignore it refuses, and it cannot tell whose a prepared statement is.
    through_pooler = {"connection_class": PooledConnection, "statement_cache_size": 0, "server_settings": _NAME}
    directly = {"statement_cache_size": _STATEMENT_CACHE, "server_settings": _SESSION}
    return {
        "dsn": url.dsn,
        "target_session_attrs": "read-write",
        "timeout": CONNECT_TIMEOUT_SECONDS,
        "command_timeout": COMMAND_TIMEOUT_SECONDS,
        "max_cached_statement_lifetime": 0,
        **(through_pooler if url.pgbouncer else directly),
    }
