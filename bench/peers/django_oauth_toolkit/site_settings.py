"""A Django project with django-oauth-toolkit, set up for production as both documentations recommend.

The database is that of BENCH_DATABASE: the path of an SQLite file, in write-ahead mode and as durable as PostgreSQL
is, or the URL of a PostgreSQL. Connections are kept.
"""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit


def _database(name: str) -> dict[str, Any]:
    if "://" not in name:
        pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
        options = {"transaction_mode": "IMMEDIATE", "init_command": pragmas, "timeout": 20}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    parts = urlsplit(name)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    user = parts.username or ""
    return {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": user, "HOST": host}


DEBUG = False
SECRET_KEY = "a-key-for-this-benchmark-only-a-key-for-this-benchmark-only"  # noqa: S105 - guards nothing
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "site_routes"
DATABASES = {"default": {**_database(os.environ["BENCH_DATABASE"]), "CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
OAUTH2_PROVIDER = {"SCOPES": {"invoices": "Invoices", "introspection": "Introspect tokens"}}
