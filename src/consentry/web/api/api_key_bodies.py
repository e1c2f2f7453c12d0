"""What the management API reads and writes of API keys. Unknown fields are refused, an expiry in an edit too."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from consentry.json_objects import api_key_object
from consentry.model.api_key import ApiKeyDetails, KeyDraft, KeyEdit, KeyOwner, ShownKey
from consentry.model.faults import Fault, InvalidInputError
from consentry.model.ids import OrganisationId, UserId
from consentry.web.api.page import ID_PATTERN, Body
from consentry.web.api.text import Text

KeyPath = Annotated[str, Path(pattern=ID_PATTERN, description="The key's identifier, `key_…`.")]

Line = Annotated[Text, Field(max_length=2048)]
Names = Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=1000)]
Networks = Annotated[list[Line], Field(max_length=200, description="IP addresses or CIDR blocks; none: anywhere.")]

_A_DAY = 86_400
_A_WEEK = 7 * _A_DAY


def _text_only(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("Write an RFC 3339 time with its zone, such as 2027-01-31T12:00:00Z.")  # noqa: TRY004 - pydantic's way
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_text_only)]


class NewApiKey(Body):
    """A new key: its permissions are a part of those that its owner holds now."""

    name: Line
    permissions: Names
    expires_at: Moment | None = Field(default=None, description="null: never. Left out: the server's default, a year.")
    allowed_networks: Networks = Field(default_factory=list)
    organisation: Text | None = Field(default=None, description="Needed from an operator; others act in their own.")
    user: Text | None = Field(default=None, description="Needed from an operator; others make keys for themselves.")

    def to_draft(self, default_expiry: datetime) -> KeyDraft:
        """Return the draft that is judged."""
        expires_at = self.expires_at if "expires_at" in self.model_fields_set else default_expiry
        return KeyDraft(self.name, tuple(self.permissions), expires_at, tuple(self.allowed_networks))

    def to_owner(self) -> KeyOwner | None:
        """Return whose key it will be, where the body says so. Raises InvalidInputError if it says half of it."""
        if self.organisation is None and self.user is None:
            return None
        if self.organisation is None:
            raise InvalidInputError(Fault("organisation", "Name the organisation in which the user holds the key."))
        if self.user is None:
            raise InvalidInputError(Fault("user", "Name the user who holds the key."))
        return KeyOwner(OrganisationId(self.organisation), UserId(self.user))


class ApiKeyEdit(Body):
    """An edit: what is left out stays, and permissions only become fewer."""

    name: Line = ""
    permissions: Names = Field(default_factory=list)
    allowed_networks: Networks = Field(default_factory=list)

    def to_edit(self) -> KeyEdit:
        """Return the edit that was sent, and nothing of what was left out."""
        sent = self.model_fields_set
        return KeyEdit(
            name=self.name if "name" in sent else None,
            permissions=tuple(self.permissions) if "permissions" in sent else None,
            networks=tuple(self.allowed_networks) if "allowed_networks" in sent else None,
        )


class Rotation(Body):
    """How long the key's old text goes on, in seconds: a day unless said otherwise, a week at most."""

    overlap_seconds: int = Field(default=_A_DAY, ge=0, le=_A_WEEK)

    def to_overlap(self) -> timedelta:
        """Return the overlap."""
        return timedelta(seconds=self.overlap_seconds)


class ApiKeyAnswer(BaseModel):
    """A key; never its text. `prefix` is how the text begins; `permissions` are those given, not those held today."""

    id: str
    name: str
    prefix: str
    permissions: list[str]
    allowed_networks: list[str]
    organisation: str
    user: str
    user_email: str
    status: Literal["active", "expired", "revoked"]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    previous_expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


class ShownApiKeyAnswer(ApiKeyAnswer):
    """A key with its text, `key`, told this once."""

    key: str


def key_answer(details: ApiKeyDetails, now: datetime) -> ApiKeyAnswer:
    """Return the key as JSON shows it."""
    return ApiKeyAnswer(**api_key_object(details, now))


def shown_answer(shown: ShownKey, now: datetime) -> ShownApiKeyAnswer:
    """Return a key that was just made or rotated, with its text."""
    return ShownApiKeyAnswer(**api_key_object(shown.details, now), key=shown.text.reveal())
