"""Fill the database of the usual stack: as many rows as Consentry has.

python fill.py SPECIFICATION
"""

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import time
from pathlib import Path

from records import (
    AccessToken,
    App,
    Connection,
    Member,
    MemberRole,
    Organisation,
    Record,
    ResourceServer,
    Role,
    User,
    engine,
)
from sqlalchemy import insert, text

APPS = 100
SCOPES = "invoicing:read contacts:read"
BOOKKEEPER = "invoice.read invoice.write client.read oauth_app.install api_key.create"


def main() -> None:
    asked = json.loads(sys.argv[1])
    tokens = [secrets.token_urlsafe(32) for _ in range(asked["tokens"])]
    secret = secrets.token_urlsafe(32)
    asyncio.run(fill(asked["people"], tokens, secret))
    folder = Path(asked["folder"])
    (folder / "tokens").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    header = "Basic " + base64.b64encode(f"api:{secret}".encode()).decode()
    requests = {"introspection": {"path": "/introspect", "authorization": header, "body": "token=@"}}
    (folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")


async def fill(people: int, tokens: list[str], secret: str) -> None:
    """Write the rows."""
    now, numbers, organisations = int(time.time()), range(people), max(1, people // 100)
    members = [{"organisation_id": number % organisations, "user_id": number} for number in numbers]
    rows: list[tuple[type[Record], list[dict[str, object]]]] = [
        (ResourceServer, [{"client_id": "api", "digest": digest(secret)}]),
        (Organisation, [{"id": number, "name": f"Organisation {number}"} for number in range(organisations)]),
        (User, [{"id": number, "email": f"user{number}@bench.test"} for number in numbers]),
        (Role, [{"name": "bookkeeper", "permissions": BOOKKEEPER}]),
        (Member, list(members)),
        (MemberRole, [{**member, "role_name": "bookkeeper"} for member in members]),
        (App, [{"id": number, "client_id": f"app{number}", "scopes": SCOPES} for number in range(APPS)]),
        (
            Connection,
            [{**one, "id": one["user_id"], "app_id": one["user_id"] % APPS, "scopes": SCOPES} for one in members],
        ),
        (AccessToken, [token_row(token, number % people, now) for number, token in enumerate(tokens)]),
    ]
    async with engine.begin() as connection:
        await connection.run_sync(Record.metadata.create_all)
        for table, values in rows:
            await connection.execute(insert(table), values)
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await engine.dispose()


def token_row(token: str, connection_id: int, now: int) -> dict[str, object]:
    """Return the row of an access token."""
    times = {"issued_at": now, "expires_at": now + 7200}
    return {"digest": digest(token), "connection_id": connection_id, "scopes": SCOPES, **times}


def digest(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


if __name__ == "__main__":
    main()
