"""What each side is configured to do, said so that its authors would call it fair."""

from collections.abc import Sequence

from asked import Asked

COMMON = (
    (
        "Each server is one worker process on a core of its own; wrk has the other core; a database server may use "
        "both. Connections are kept. Every answer was looked at; a run with a wrong one is not reported."
    ),
    "A peer on SQLite or Redis is held against Consentry on SQLite, one on PostgreSQL against Consentry on PostgreSQL.",
)

_DURABLE = (
    "Every side answers only when its data is durable: SQLite with a write-ahead log and `synchronous=FULL`, "
    "PostgreSQL with its defaults, Redis with `appendonly yes` and `appendfsync always`."
)

_PEERS = {
    "Consentry": (
        "Consentry: `consentry serve` with a new configuration. Each introspection reads the API's secret and the "
        "token with its family, connection, app, organisation, member and roles."
    ),
    "FastAPI + SQLAlchemy": (
        "FastAPI + SQLAlchemy: uvicorn with uvloop and httptools, a session for each request, aiosqlite or asyncpg; "
        "the ORM loads token, connection, app, member, user, organisation and roles: what Consentry reads, with the "
        "client authenticated by SHA-256 as well."
    ),
    "node-oidc-provider": (
        "node-oidc-provider: `NODE_ENV=production`, clients in its configuration, an adapter to its documented "
        "contract over better-sqlite3 (one table, prepared statements) or over ioredis (its own example). Access "
        "tokens are opaque and there are no ID tokens. An introspection reads the token and its grant; users and "
        "permissions are not its business."
    ),
    "django-oauth-toolkit": (
        "django-oauth-toolkit: gunicorn with one worker of 8 threads, kept database connections, two middlewares; "
        "SQLite with immediate transactions. Client secrets are kept unhashed, which favours it: with its default, "
        "every request checks a slow password hash, and no request ends in the time of a round."
    ),
    "Authlib on Flask": (
        "Authlib: the server of its documentation on Flask and SQLAlchemy, gunicorn with one worker of 8 threads. "
        "Client secrets are compared as they are; an introspection reads the token and its user."
    ),
}


def notes_of(asking: Asked, names: Sequence[str], *first: str, durable: bool = False) -> list[str]:
    """Return the notes of a section in which these sides take part."""
    rounds = f"{asking.rounds} rounds of {asking.seconds:g} s on each side, in turns, after one that does not count."
    sides = [text for name, text in _PEERS.items() if name == "Consentry" or name in names]
    return [*first, rounds, *COMMON, *([_DURABLE] if durable else []), *sides]
