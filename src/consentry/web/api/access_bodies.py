"""What the management API reads and writes of explanations."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

from consentry.flows.access_reach import Asked, Kind
from consentry.model.access import Reason
from consentry.model.explanation import ExplainedKind, PartKind, PartState
from consentry.model.ids import UserId
from consentry.model.what_if import Change, read_change
from consentry.web.api.page import ANY_ID_PATTERN, Body

A = TypeVar("A", bound=BaseModel)

# Long enough for every credential, and nothing that none can hold: what is sent here is never told back.
Credential = Annotated[
    str,
    Field(
        pattern=r"^[\x21-\x7e]{1,256}$",
        description="An access token, an API key, or the identifier of an API key (`key_…`) or a connection (`con_…`).",
    ),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,127}$")]
Identifier = Annotated[str, Field(pattern=ANY_ID_PATTERN)]


class ExplainBody(Body):
    """What to explain. `address` and `resource` are those of the call that is asked about."""

    credential: Credential
    permission: Name | None = None
    address: Annotated[str, Field(max_length=64)] | None = None
    resource: Annotated[str, Field(max_length=2048)] | None = None


class ListBody(Body):
    """Which part of which list: all from their beginning, or `only` one, after the `next` of the answer before."""

    organisation: Identifier | None = None
    only: Annotated[Kind, Field(strict=False)] | None = None
    after: Identifier | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @property
    def asked(self) -> Asked:
        """The part that is wanted."""
        return Asked(self.only, self.after, self.limit)


class WhoCanBody(ListBody):
    """The permission that is asked about. Operators name the organisation."""

    permission: Name


class WhatIfBody(ListBody):
    """One change: a role that loses or gains a permission; a user who loses or gains a role, or is suspended."""

    role: Name | None = None
    loses: Name | None = None
    gains: Name | None = None
    user: Identifier | None = None
    loses_role: Name | None = None
    gains_role: Name | None = None
    suspended: bool = False

    @property
    def change(self) -> Change:
        """The change; raises InvalidInputError where none is named, or more than one."""
        return read_change(
            role=self.role,
            loses=self.loses,
            gains=self.gains,
            user_id=None if self.user is None else UserId(self.user),
            loses_role=self.loses_role,
            gains_role=self.gains_role,
            suspended=self.suspended,
        )


class PartAnswer(BaseModel):
    """Something that the credential hangs on, and how it stands; `since` where it is known."""

    part: PartKind
    name: str
    state: PartState
    since: datetime | None


class PermissionAnswer(BaseModel):
    """A permission, the verdict, and both sides of it.

    `covered_by` are the approved scopes that give it; `given_up` were approved, but are the app's no more;
    `not_in_token` are approved, but not this token's; `would_cover` could be asked for. `held` and `roles` are the
    member's side.
    """

    permission: str
    title: str
    allowed: bool
    reason: Reason | None
    explanation: str | None
    covered_by: list[str]
    given_up: list[str]
    not_in_token: list[str]
    would_cover: list[str]
    in_key: bool | None
    held: bool
    roles: list[str]


class ExplanationAnswer(BaseModel):
    """What the credential may do now. `reason` says why it does nothing at all, if so."""

    kind: ExplainedKind | None
    connection: str | None
    api_key: str | None
    organisation: str | None
    user: str | None
    client_id: str | None
    resource: str | None
    allowed_networks: list[str]
    roles: list[str]
    tuned: bool
    works: bool
    reason: Reason | None
    explanation: str | None
    parts: list[PartAnswer]
    permissions: list[PermissionAnswer]


class MemberWho(BaseModel):
    """A member."""

    user: str
    name: str
    email: str


class ConnectionWho(BaseModel):
    """A connection, with its app and its user."""

    connection: str
    client_id: str
    app_name: str
    user: str
    email: str


class KeyWho(BaseModel):
    """An API key, with its owner."""

    api_key: str
    name: str
    user: str
    email: str


class Through(BaseModel):
    """The roles or scopes that give it; none for a member whose permissions were tuned, and for a key."""

    through: list[str]


class Differs(BaseModel):
    """What would be lost and gained."""

    loses: list[str]
    gains: list[str]


class MemberCan(MemberWho, Through):
    """A member who can do it."""


class ConnectionCan(ConnectionWho, Through):
    """A connection that can do it."""


class KeyCan(KeyWho, Through):
    """An API key that can do it."""


class MemberDiffers(MemberWho, Differs):
    """A member for whom something would change."""


class ConnectionDiffers(ConnectionWho, Differs):
    """A connection for which something would change."""


class KeyDiffers(KeyWho, Differs):
    """An API key for which something would change."""


class Part(BaseModel, Generic[A]):
    """Part of a list; send `next` as `after`, with `only`, for what follows."""

    data: list[A]
    next: str | None


class WhoCanAnswer(BaseModel):
    """Who and what can do it right now. A list is null where it was not asked for or may not be seen (`withheld`)."""

    members: Part[MemberCan] | None
    connections: Part[ConnectionCan] | None
    api_keys: Part[KeyCan] | None
    withheld: list[Kind]


class WhatIfAnswer(BaseModel):
    """Who and what would lose or gain something. Nothing was changed."""

    members: Part[MemberDiffers] | None
    connections: Part[ConnectionDiffers] | None
    api_keys: Part[KeyDiffers] | None
    withheld: list[Kind]
