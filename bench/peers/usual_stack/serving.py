"""Introspection in the usual stack: FastAPI, a session for each request, the ORM loading what belongs together.

The lookup is as strict as Consentry's: the token, its connection, app, member and roles are read for every request, and
the client is authenticated by the SHA-256 of its secret.
"""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Form, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel
from records import AccessToken, Connection, Member, MemberRole, ResourceServer, Session
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

app = FastAPI(openapi_url=None)
basic = HTTPBasic()
_MEMBER = joinedload(AccessToken.connection).joinedload(Connection.member)
FIND_TOKEN = select(AccessToken).options(
    joinedload(AccessToken.connection).joinedload(Connection.app),
    _MEMBER.joinedload(Member.user),
    _MEMBER.joinedload(Member.organisation),
    _MEMBER.selectinload(Member.roles).joinedload(MemberRole.role),
)
PERMISSIONS = {"invoicing:read": {"invoice.read"}, "contacts:read": {"client.read"}}


class Introspection(BaseModel):
    """What an API is told of a token."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    sub: str | None = None
    exp: int | None = None
    iat: int | None = None
    organisation: str | None = None
    permissions: list[str] = []


async def open_session() -> AsyncIterator[AsyncSession]:
    """Lend a session for one request."""
    async with Session() as session:
        yield session


Database = Annotated[AsyncSession, Depends(open_session)]


async def authenticate(credentials: Annotated[HTTPBasicCredentials, Depends(basic)], session: Database) -> str:
    """Return the client ID of the API that asks."""
    found = await session.get(ResourceServer, credentials.username)
    given = hashlib.sha256(credentials.password.encode()).digest()
    if found is None or not hmac.compare_digest(found.digest, given):
        raise HTTPException(401, "The client is unknown, or its secret is wrong.")
    return found.client_id


@app.post("/introspect", response_model_exclude_none=True)
async def introspect(
    token: Annotated[str, Form()], session: Database, _client: Annotated[str, Depends(authenticate)]
) -> Introspection:
    digest = hashlib.sha256(token.encode()).digest()
    found = await session.scalar(FIND_TOKEN.where(AccessToken.digest == digest))
    if found is None or found.expires_at <= time.time():
        return Introspection(active=False)
    connection = found.connection
    member = connection.member
    is_live = connection.ended_at is None and connection.app.is_active and member.is_active
    if not (is_live and member.user.is_active and member.organisation.is_active):
        return Introspection(active=False)
    scopes = set(found.scopes.split()) & set(connection.scopes.split()) & set(connection.app.scopes.split())
    held = {permission for one in member.roles for permission in one.role.permissions.split()}
    covered = {permission for scope in scopes for permission in PERMISSIONS[scope]}
    return Introspection(
        active=True,
        scope=" ".join(sorted(scopes)),
        client_id=connection.app.client_id,
        sub=str(member.user_id),
        exp=found.expires_at,
        iat=found.issued_at,
        organisation=str(member.organisation_id),
        permissions=sorted(held & covered),
    )
