"""What the management API writes of connections."""

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from consentry.json_objects import connection_object
from consentry.model.connection_today import ConnectionToday, ScopeToday
from consentry.web.api.page import ID_PATTERN

ConnectionPath = Annotated[str, Path(pattern=ID_PATTERN, description="The connection's identifier, `con_…`.")]


class ScopeTodayAnswer(BaseModel):
    """An approved scope and what of it works today: `full`, `partial` or `none`, and why not."""

    name: str
    title: str
    works: str
    why_not: str | None
    missing_permissions: list[str]


class ConnectionAnswer(BaseModel):
    """One user's approval of one app in one organisation.

    `paused` says why a connection that has not ended does nothing at all at present.
    """

    id: str
    organisation: str
    user: str
    user_email: str
    client_id: str
    app_name: str
    scopes: list[ScopeTodayAnswer]
    declined_scopes: list[str]
    paused: str | None
    created_at: datetime
    updated_at: datetime
    first_used_at: datetime | None
    last_used_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None


def connection_answer(today: ConnectionToday) -> ConnectionAnswer:
    """Return the connection as JSON shows it."""
    return ConnectionAnswer(**connection_object(today), scopes=[_scope_answer(scope) for scope in today.scopes])


def _scope_answer(scope: ScopeToday) -> ScopeTodayAnswer:
    return ScopeTodayAnswer(
        name=scope.name,
        title=scope.title,
        works=scope.holding.value,
        why_not=scope.why,
        missing_permissions=[entry.name for entry in scope.missing],
    )
