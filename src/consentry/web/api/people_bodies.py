"""What the management API reads and writes of people."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from consentry.flows.roles import KnownRole
from consentry.json_objects import organisation_object, resource_object, user_object
from consentry.model.membership import RoleBook, render_role_grants
from consentry.model.organisation import MemberDetails, Organisation, ResourceServer, Standing, UnverifiedApps, User
from consentry.model.secret import Secret
from consentry.model.service_member import is_service_email
from consentry.web.api.page import ANY_ID_PATTERN, Body
from consentry.web.api.slash_in_identifier import with_slashes
from consentry.web.api.text import Text

OrganisationPath = Annotated[
    str,
    Path(pattern=ANY_ID_PATTERN, description="The organisation's identifier: `org_…`, or the product's own."),
    AfterValidator(with_slashes),
]
UserPath = Annotated[
    str,
    Path(pattern=ANY_ID_PATTERN, description="The user's identifier: `usr_…`, or the product's own."),
    AfterValidator(with_slashes),
]
RolePath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The role's name.")]

Line = Annotated[Text, Field(max_length=2048)]
Names = Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=500)]
UnverifiedAppsField = Annotated[
    UnverifiedApps | None,
    Field(strict=False, description="`allowed` or `refused`: apps that registered themselves, or have a document."),
]
StandingField = Annotated[Standing | None, Field(strict=False, description="`active` or `suspended`.")]


class NewOrganisation(Body):
    """A new organisation."""

    name: Line


class OrganisationEdit(Body):
    """What is left out stays."""

    name: Line | None = None
    standing: StandingField = None
    unverified_apps: UnverifiedAppsField = None


class NewUser(Body):
    """A new user. Without a password, nobody can sign in as this user yet."""

    email: Line
    name: Line | None = None
    password: Line | None = None


class UserEdit(Body):
    """What is left out stays."""

    name: Line | None = None
    standing: StandingField = None


class NewPassword(Body):
    """A new password; every session of the user ends."""

    password: Line


Claims = Annotated[
    dict[str, Any],
    Field(max_length=64, description="Standard claims: given_name, email_verified, phone_number, address and so on."),
]


class MemberRoles(Body):
    """All the roles that the member shall have, and permissions in their place where the member is tuned."""

    roles: Names
    custom_permissions: Names | None = None


class MemberEdit(Body):
    """The member's standing in the organisation."""

    standing: Annotated[Standing, Field(strict=False)]


class RoleDefinition(Body):
    """All the permissions that the role shall have in this organisation."""

    permissions: Names


class NewResource(Body):
    """A product API to register."""

    name: Line
    identifier: Line = Field(description="Its RFC 8707 resource: an absolute URL without a fragment.")


class OrganisationAnswer(BaseModel):
    """An organisation."""

    id: str
    name: str
    standing: Standing
    unverified_apps: UnverifiedApps
    created_at: datetime


class UserAnswer(BaseModel):
    """A user."""

    id: str
    email: str
    name: str
    standing: Standing
    created_at: datetime


class MemberAnswer(BaseModel):
    """A member: the user, the roles, and what they come to. `custom_permissions` is null unless tuned.

    `is_app` tells that it is no person but an app, which acts by itself.
    """

    id: str
    organisation: str
    email: str
    name: str
    is_app: bool
    roles: list[str]
    role_titles: list[str]
    custom_permissions: list[str] | None
    permissions: list[str]
    standing: Standing
    user_standing: Standing
    created_at: datetime


class RoleAnswer(BaseModel):
    """A role as it holds in the organisation. `own`: the organisation defines it, also where the catalog does."""

    name: str
    title: str
    permissions: list[str]
    built_in: bool
    own: bool


class ResourceAnswer(BaseModel):
    """A registered product API."""

    id: str
    client_id: str
    name: str
    identifier: str
    created_at: datetime


class RegisteredResourceAnswer(ResourceAnswer):
    """A new resource server; `client_secret` is told this once."""

    client_secret: str


def organisation_answer(organisation: Organisation) -> OrganisationAnswer:
    """Return the organisation as JSON shows it."""
    return OrganisationAnswer(**organisation_object(organisation))


def user_answer(user: User) -> UserAnswer:
    """Return the user as JSON shows it."""
    return UserAnswer(**user_object(user))


def member_answer(details: MemberDetails, book: RoleBook) -> MemberAnswer:
    """Return the member as JSON shows it. `id` is the user's."""
    member, user = details.member, details.user
    roles, custom = render_role_grants(member.roles), member.custom_permissions
    return MemberAnswer(
        id=user.id,
        organisation=member.organisation_id,
        email=user.email,
        name=user.name,
        is_app=is_service_email(user.email),
        roles=[grant.name for grant in member.roles],
        role_titles=list(book.role_titles(roles, custom)),
        custom_permissions=None if custom is None else custom.split(),
        permissions=sorted(book.permissions_of(roles, custom)),
        standing=member.standing,
        user_standing=user.standing,
        created_at=member.created_at,
    )


def role_answer(role: KnownRole) -> RoleAnswer:
    """Return the role as JSON shows it."""
    return RoleAnswer(
        name=role.name, title=role.title, permissions=sorted(role.permissions), built_in=role.built_in, own=role.own
    )


def resource_answer(resource: ResourceServer) -> ResourceAnswer:
    """Return the resource server as JSON shows it."""
    return ResourceAnswer(**resource_object(resource))


def registered_answer(resource: ResourceServer, client_secret: Secret) -> RegisteredResourceAnswer:
    """Return a new resource server with its secret."""
    return RegisteredResourceAnswer(**resource_object(resource), client_secret=client_secret.reveal())
