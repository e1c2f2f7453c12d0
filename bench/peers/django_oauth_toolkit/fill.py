"""Fill the database of django-oauth-toolkit by its own models.

python fill.py SPECIFICATION
"""

import base64
import json
import secrets
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.models import AbstractApplication, AccessToken, Application, Grant, RefreshToken

SCOPE = "invoices"
BATCH = 2000


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder = Path(asked["folder"])
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        requests = fill(asked, folder)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    (folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")


def fill(asked: dict[str, object], folder: Path) -> dict[str, dict[str, str]]:
    """Write the rows, and the credentials into the folder; return how they are asked about."""
    people, callback = int(str(asked["people"])), str(asked["callback"])
    users = User.objects.bulk_create([User(username=f"user{number}") for number in range(people)], BATCH)
    web = application("Web", AbstractApplication.CLIENT_CONFIDENTIAL, callback)
    tool = application("Tool", AbstractApplication.CLIENT_PUBLIC, callback)
    api = application("API", AbstractApplication.CLIENT_CONFIDENTIAL, callback)
    expires = timezone.now() + timedelta(hours=2)
    tokens = [
        AccessToken(
            user=users[number % people], application=web, token=text(), scope=SCOPE, expires=expires, resource=[]
        )
        for number in range(int(str(asked["tokens"])))
    ]
    AccessToken.objects.bulk_create(tokens, BATCH)
    codes = [
        Grant(
            user=users[number % people],
            application=web,
            code=text(),
            redirect_uri=callback,
            scope=SCOPE,
            expires=expires,
            code_challenge=str(asked["challenge"]),
            code_challenge_method="S256",
        )
        for number in range(int(str(asked["codes"])))
    ]
    Grant.objects.bulk_create(codes, BATCH)
    first = [
        AccessToken(user=users[number % people], application=tool, token=text(), scope=SCOPE, expires=expires)
        for number in range(int(str(asked["families"])))
    ]
    given = [
        RefreshToken(user=one.user, application=tool, token=text(), access_token=one)
        for one in AccessToken.objects.bulk_create(first, BATCH)
    ]
    RefreshToken.objects.bulk_create(given, BATCH)
    write(folder / "tokens", (one.token for one in tokens))
    write(folder / "codes", (one.code for one in codes))
    write(folder / "refresh_tokens", (one.token for one in given))
    proof = f"redirect_uri={quote(callback, safe='')}&code_verifier={asked['verifier']}"
    code_form = f"grant_type=authorization_code&code=@&{proof}"
    refresh_form = f"grant_type=refresh_token&client_id={tool.client_id}&refresh_token=@"
    return {
        "introspection": {"path": "/o/introspect/", "authorization": basic(api), "body": "token=@"},
        "exchange": {"path": "/o/token/", "authorization": basic(web), "body": code_form},
        "refresh": {"path": "/o/token/", "authorization": "", "body": refresh_form},
    }


def application(name: str, kind: str, callback: str) -> Application:
    """Register an app. Its secret is kept unhashed: hashed as a password is, one check takes a second of the core."""
    return Application.objects.create(
        name=name,
        client_type=kind,
        authorization_grant_type=AbstractApplication.GRANT_AUTHORIZATION_CODE,
        redirect_uris=callback,
        hash_client_secret=False,
    )


def basic(app: Application) -> str:
    """Return the header that authenticates the app."""
    return "Basic " + base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()


def text() -> str:
    """Return a new credential, as long as oauthlib's."""
    return secrets.token_urlsafe(23)[:30]


def write(file: Path, lines: Iterable[str]) -> None:
    """Write one credential in each line."""
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
