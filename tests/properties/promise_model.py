"""What the guard must allow, in plain sets: no token texts, tables, memos or generations, and none of our code.

effective = expand(scope of the token ∩ of the connection ∩ of the app) ∩ what the member holds, all as they are now.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

Names: TypeAlias = frozenset[str]
CODE_LIFETIME, TOKEN_LIFETIME, GRACE = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=30)


@dataclass(slots=True)
class ModelApp:
    required: Names
    optional: Names
    status: str = "active"

    @property
    def scopes(self) -> Names:
        return self.required | self.optional


@dataclass(slots=True)
class ModelMember:
    roles: Names
    custom: Names | None
    active: bool = True


@dataclass(slots=True)
class ModelConnection:
    organisation: int
    user: int
    app: int
    scopes: Names = frozenset()
    declined: Names = frozenset()
    ended: bool = False


@dataclass(slots=True)
class ModelFamily:
    connection: ModelConnection
    scope: Names
    refresh_tokens: list[str]
    ended: bool = False
    rotated_at: datetime | None = None
    asked_last: Names = frozenset()


@dataclass(slots=True)
class ModelCode:
    text: str
    connection: ModelConnection
    scope: Names
    issued_at: datetime
    used: bool = False
    family: ModelFamily | None = None


@dataclass(slots=True)
class ModelToken:
    text: str
    family: ModelFamily
    scope: Names
    issued_at: datetime
    revoked: bool = False


@dataclass(slots=True)
class ModelKey:
    id: str
    text: str
    organisation: int
    user: int
    permissions: Names
    revoked: bool = False


@dataclass(slots=True)
class Promise:
    """The state of the world as anyone may know it, and the one question."""

    scope_permissions: dict[str, Names]
    catalog_roles: dict[str, Names]
    apps: list[ModelApp]
    users: list[bool]
    organisations: list[bool]
    members: dict[tuple[int, int], ModelMember] = field(default_factory=dict)
    own_roles: dict[tuple[int, str], Names] = field(default_factory=dict)
    connections: list[ModelConnection] = field(default_factory=list)

    def held(self, organisation: int, user: int) -> Names:
        """What the member may do now."""
        member = self.members.get((organisation, user))
        if member is None or not (member.active and self.users[user] and self.organisations[organisation]):
            return frozenset()
        if member.custom is not None:
            return member.custom
        held: Names = frozenset()
        for role in member.roles:
            held |= self.own_roles.get((organisation, role), self.catalog_roles.get(role, frozenset()))
        return held

    def may_act(self, connection: ModelConnection) -> bool:
        """Whether everybody and everything behind the connection is active, but for the app."""
        member = self.members.get((connection.organisation, connection.user))
        people = self.users[connection.user] and self.organisations[connection.organisation]
        return not connection.ended and member is not None and member.active and people

    def standing(self, connection: ModelConnection, scope: Names) -> Names:
        """What of a scope is still approved and still the app's."""
        return scope & connection.scopes & self.apps[connection.app].scopes

    def expand(self, scope: Names) -> Names:
        return frozenset[str]().union(*(self.scope_permissions[name] for name in scope))

    def left_to(self, connection: ModelConnection, scope: Names) -> Names:
        """The effective permissions of a scope under a connection."""
        return self.expand(self.standing(connection, scope)) & self.held(connection.organisation, connection.user)

    def token_may(self, token: ModelToken, now: datetime) -> Names | None:
        """What the access token may do now; None where it is refused altogether."""
        connection = token.family.connection
        gone = token.revoked or token.family.ended or now >= token.issued_at + TOKEN_LIFETIME
        if gone or not self.may_act(connection) or self.apps[connection.app].status != "active":
            return None
        return self.left_to(connection, token.scope)

    def key_may(self, key: ModelKey) -> Names | None:
        """What the API key may do now; None where it is refused altogether."""
        member = self.members.get((key.organisation, key.user))
        people = self.users[key.user] and self.organisations[key.organisation]
        if key.revoked or member is None or not (member.active and people):
            return None
        return key.permissions & self.held(key.organisation, key.user)

    def live_connection(self, organisation: int, user: int, app: int) -> ModelConnection | None:
        wanted = (organisation, user, app)
        for one in self.connections:
            if not one.ended and (one.organisation, one.user, one.app) == wanted:
                return one
        return None
