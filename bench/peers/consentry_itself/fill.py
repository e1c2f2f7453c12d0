"""Fill Consentry's database for the benchmark: tokens by bench/population.py, apps, codes and families by its deeds.

python fill.py SPECIFICATION
"""

import asyncio
import base64
import json
import secrets
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]

import population

from app_builders import writing
from consentry.clock import SystemClock
from consentry.model.app import AppType
from consentry.model.credential import AuthorizationCode, TokenFamily
from consentry.model.ids import CONNECTION, CodeId, ConnectionId
from consentry.model.secret import CredentialKind, digest, format_credential
from consentry.oauth.scope import Scope
from consentry.settings import load_settings
from consentry.storage.credential_writes import inserting_code
from consentry.storage.database import Statement, to_micros
from consentry.wiring import Deeds, open_deeds
from protocol_world import OPERATOR, Party, register
from small_world import SMALL_CATALOG

SCOPE = Scope.parse("invoicing:read invoicing:write")
# A code would end while the benchmark still prepares others; every side's codes live this long.
CODE_LIFETIME = timedelta(hours=2)
CHUNK = 5000
_CONNECTION = """
INSERT INTO connections (id, organisation_id, user_id, app_id, scopes, declined_scopes, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, '', $6, $6)
"""
_FAMILY = """
INSERT INTO token_families (id, connection_id, scope, refresh_digest, generation, created_at, rotated_at,
    idle_expires_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)
"""

T = TypeVar("T")


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    url = asked["database"] if "://" in asked["database"] else f"sqlite:///{asked['database']}"
    (folder / "catalog.toml").write_text(SMALL_CATALOG, encoding="utf-8")
    (folder / "consentry.toml").write_text(
        f'database_url = "{url}"\ncatalog = "catalog.toml"\nsecret_key = "{secrets.token_urlsafe(32)}"\n',
        encoding="utf-8",
    )
    # Members, connections and tokens: a user has ten tokens, of one connection.
    crowd = replace(population.population_of(asked["tokens"]), connections=asked["people"], members=asked["people"])
    population.fill(url, crowd)
    write(folder / "tokens", (crowd.token(number) for number in range(crowd.tokens)))
    deeds = open_deeds(load_settings(folder / "consentry.toml", {}))
    asyncio.run(fill(deeds, folder, asked))


async def fill(deeds: Deeds, folder: Path, asked: dict[str, Any]) -> None:
    """Register the apps and the API, and write codes and families of as many people as there are."""
    maker = (await deeds.people.organisations.create(OPERATOR, "Ledgerly Ltd")).id
    api = await deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    scopes = {"redirect_uris": (asked["callback"],), "required_scopes": ("invoicing:write",), "optional_scopes": ()}
    web = await register(deeds, maker, name="Web", **scopes)
    tool = await register(deeds, maker, name="Tool", type=AppType.PUBLIC, **scopes)
    people = await deeds.database.read("SELECT organisation_id, user_id FROM members LIMIT $1", asked["people"])
    of_web = await connect(deeds, web, people)
    of_tool = await connect(deeds, tool, people)
    codes = [code_of(deeds, web, asked, of_web[number % len(of_web)]) for number in range(asked["codes"])]
    for part in parts(codes):
        await deeds.database.write(writing, *(inserting_code(one, one.connection_id) for one, _ in part))
    write(folder / "codes", (text for _, text in codes))
    now = deeds.clock.micros()
    mint = deeds.authorization_code_grant.mint
    families = [
        mint.family(code_of(deeds, tool, asked, of_tool[number % len(of_tool)])[0], now)
        for number in range(asked["families"])
    ]
    for part in parts(families):
        await deeds.database.write(writing, *(family_statement(one.row) for one in part))
    write(folder / "refresh_tokens", (one.refresh_token.reveal() for one in families))
    await deeds.database.close()
    proof = f"redirect_uri={quote(asked['callback'], safe='')}&code_verifier={asked['verifier']}"
    requests = {
        "introspection": ("/oauth/introspect", basic(api.resource.client_id, api.client_secret.reveal()), "token=@"),
        "exchange": (
            "/oauth/token",
            basic(web.app.client_id, web.secret or ""),
            f"grant_type=authorization_code&code=@&{proof}",
        ),
        "refresh": (
            "/oauth/token",
            "",
            f"grant_type=refresh_token&client_id={tool.app.client_id}&refresh_token=@",
        ),
    }
    named = {work: dict(zip(("path", "authorization", "body"), one, strict=True)) for work, one in requests.items()}
    (folder / "requests.json").write_text(json.dumps(named), encoding="utf-8")


async def connect(deeds: Deeds, party: Party, people: Sequence[Any]) -> list[ConnectionId]:
    """Write everybody's approval of the app."""
    now = to_micros(SystemClock().now())
    made = [ConnectionId(deeds.secrets.new_id(CONNECTION)) for _ in people]
    rows = zip(made, people, strict=True)
    for part in parts(list(rows)):
        await deeds.database.write(
            writing,
            *(Statement(_CONNECTION, (one, org, user, party.app.id, str(SCOPE), now)) for one, (org, user) in part),
        )
    return made


def code_of(
    deeds: Deeds, party: Party, asked: dict[str, Any], connection_id: ConnectionId
) -> tuple[AuthorizationCode, str]:
    """Return a new code as the authorization endpoint makes it, and its text."""
    now = deeds.clock.now()
    code_id, secret = CodeId(deeds.secrets.new_id()), deeds.secrets.new_secret()
    text = format_credential(CredentialKind.AUTHORIZATION_CODE, code_id, secret).reveal()
    bound = (connection_id, party.app.id, asked["callback"], asked["challenge"])
    code = AuthorizationCode(code_id, digest(secret), *bound, SCOPE, None, None, now, now + CODE_LIFETIME)
    return code, text


def family_statement(row: TokenFamily) -> Statement:
    """Return the statement that stores a family."""
    times = (row.created_micros, row.idle_expires_micros, row.expires_micros)
    return Statement(_FAMILY, (row.id, row.connection_id, str(row.scope), row.refresh_digest, row.generation, *times))


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Return the items a few thousand at a time."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def basic(client_id: str, secret: str) -> str:
    """Return the header that authenticates a client."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def write(file: Path, lines: Iterable[str]) -> None:
    """Write one credential in each line."""
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
