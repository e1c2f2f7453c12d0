"""Fill the database of the server of Authlib by its own models.

python fill.py SPECIFICATION
"""

import base64
import json
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from serving import Client, Code, Token, User, app, db
from sqlalchemy import insert, text

SECRET = "a-client-secret-of-this-benchmark-with-256-bits"  # noqa: S105 - guards nothing
SCOPE = "invoices"
LIFETIME = 7200


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    with app.app_context():
        db.create_all()
        fill(asked, folder)
    proof = f"redirect_uri={quote(asked['callback'], safe='')}&code_verifier={asked['verifier']}"
    code_form = f"grant_type=authorization_code&code=@&{proof}"
    refresh_form = "grant_type=refresh_token&client_id=tool&refresh_token=@"
    requests = {
        "introspection": {"path": "/oauth/introspect", "authorization": basic("api"), "body": "token=@"},
        "exchange": {"path": "/oauth/token", "authorization": basic("web"), "body": code_form},
        "refresh": {"path": "/oauth/token", "authorization": "", "body": refresh_form},
    }
    (folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")


def fill(asked: dict[str, object], folder: Path) -> None:
    """Write the rows, and the credentials into the folder."""
    people, now, callback = int(str(asked["people"])), int(time.time()), str(asked["callback"])
    put(User, [{"id": number + 1, "username": f"user{number}"} for number in range(people)])
    for name, method in (("web", "client_secret_basic"), ("api", "client_secret_basic"), ("tool", "none")):
        client = Client(client_id=name, client_secret="" if method == "none" else SECRET, client_id_issued_at=now)
        client.set_client_metadata(
            {
                "redirect_uris": [callback],
                "scope": SCOPE,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": method,
            }
        )
        db.session.add(client)
    tokens = [token(number % people + 1, "web", now) for number in range(int(str(asked["tokens"])))]
    given = [token(number % people + 1, "tool", now) for number in range(int(str(asked["families"])))]
    codes = [
        {
            "code": secrets.token_urlsafe(36),
            "client_id": "web",
            "user_id": number % people + 1,
            "redirect_uri": callback,
            "scope": SCOPE,
            "auth_time": now,
            "code_challenge": asked["challenge"],
            "code_challenge_method": "S256",
        }
        for number in range(int(str(asked["codes"])))
    ]
    put(Token, tokens + given)
    put(Code, codes)
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    write(folder / "tokens", (one["access_token"] for one in tokens))
    write(folder / "codes", (one["code"] for one in codes))
    write(folder / "refresh_tokens", (one["refresh_token"] for one in given))


def token(user_id: int, client_id: str, now: int) -> dict[str, object]:
    """Return a token's row, with credentials as long as Authlib's."""
    return {
        "client_id": client_id,
        "user_id": user_id,
        "token_type": "Bearer",
        "access_token": secrets.token_urlsafe(31),
        "refresh_token": secrets.token_urlsafe(36),
        "scope": SCOPE,
        "issued_at": now,
        "expires_in": LIFETIME,
    }


def put(model: type, rows: list[dict[str, object]]) -> None:
    """Write the rows."""
    if rows:
        db.session.execute(insert(model), rows)


def basic(client_id: str) -> str:
    """Return the header that authenticates a client."""
    return "Basic " + base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()


def write(file: Path, lines: Iterable[object]) -> None:
    """Write one credential in each line."""
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
