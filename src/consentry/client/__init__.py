"""For products that run apart from the database: the check by introspection, and a guard on top of it. RFC 7662.

    from consentry.client import RemoteGuard
    from consentry.guard.fastapi import install, require

    guard = RemoteGuard.open("https://apps.acme.example", client_id="res_…", client_secret="cst_sk_…")

It is used wherever a `Guard` is, and its answers are the same to the byte. Nothing is remembered between calls.
"""

from consentry.client.asking import IntrospectionError
from consentry.client.blocking import BlockingIntrospectionClient
from consentry.client.blocking_guard import BlockingRemoteGuard
from consentry.client.introspection import IntrospectionClient
from consentry.client.remote_guard import RemoteGuard

__all__ = [
    "BlockingIntrospectionClient",
    "BlockingRemoteGuard",
    "IntrospectionClient",
    "IntrospectionError",
    "RemoteGuard",
]
