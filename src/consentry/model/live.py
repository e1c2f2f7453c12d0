"""Live rows: what one read finds of a credential and of all that it hangs on, as committed at that moment.

An access token and an API key are checked on every call of the product's API, so they stay the row that was read:
texts as they are stored, so that what is computed from them can be memoised by content (model/check.py), and times in
microseconds since the epoch. What reads better is a property, for those who are in less of a hurry.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from consentry.model.app import AppStanding
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, TokenId, UserId
from consentry.model.membership import Holder
from consentry.model.micros import from_micros, from_micros_or_none, to_micros
from consentry.model.organisation import Standing
from consentry.oauth.scope import Scope

HOLDER_WIDTH = 7
_BOTH_WIDTH = HOLDER_WIDTH + 8
_ACTIVE = Standing.ACTIVE.value


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """A connection with its app as both stand now. `app_scopes` are all that the app may ask for."""

    id: ConnectionId
    scopes: str
    ended: bool
    app_id: AppId
    client_id: ClientId
    app_name: str
    app_standing: AppStanding
    app_scopes: str

    def standing(self, scope: Scope) -> Scope:
        """Return what of `scope` the user's approval and the app's registration still let through."""
        return what_stands(scope.tokens, self.scopes, self.app_scopes)


class LiveToken(NamedTuple):
    """An access token's row with everything that can narrow or end it, in the order in which it is read."""

    id: TokenId
    digest: bytes
    scope: str
    resource: str | None
    issued_micros: int
    expires_micros: int
    dpop_jkt: str | None
    family_ended_micros: int | None
    connection_id: ConnectionId
    connection_scopes: str
    connection_ended_micros: int | None
    app_id: AppId
    client_id: ClientId
    app_name: str
    app_standing: str
    app_scopes: str
    organisation_id: OrganisationId
    organisation_standing: str
    user_id: UserId
    user_standing: str
    member_standing: str | None
    roles: str
    custom_permissions: str | None

    @classmethod
    def hanging_on(
        cls, connection: LiveConnection, holder: Holder, issued_at: datetime, expires_at: datetime
    ) -> "LiveToken":
        """Return a token of no identifier and no secret, with all that was approved."""
        own = ("", b"", connection.scopes, None, to_micros(issued_at), to_micros(expires_at), None, None)
        above = (connection.id, connection.scopes, 0 if connection.ended else None)
        app = (connection.app_id, connection.client_id, connection.app_name, connection.app_standing)
        return cls._make((*own, *above, *app, connection.app_scopes, *columns_of_holder(holder)))

    @property
    def issued_at(self) -> datetime:
        """When the token was issued."""
        return from_micros(self.issued_micros)

    @property
    def expires_at(self) -> datetime:
        """From when on the token is worth nothing."""
        return from_micros(self.expires_micros)

    @property
    def family_ended(self) -> bool:
        """Whether the token family that it belongs to has ended."""
        return self.family_ended_micros is not None

    @property
    def connection(self) -> LiveConnection:
        """The connection that it hangs on, with the app."""
        return connection_of(self)

    @property
    def holder(self) -> Holder:
        """The user for whom it acts."""
        return holder_of(self)

    def held_by(self, holder: Holder) -> "LiveToken":
        """Return the token as it would be if its user stood as `holder` says."""
        return LiveToken._make((*self[:-HOLDER_WIDTH], *columns_of_holder(holder)))


class LiveApiKey(NamedTuple):
    """An API key's row with everything that can narrow or end it, in the order in which it is read."""

    id: ApiKeyId
    name: str
    digest: bytes
    previous_digest: bytes | None
    previous_expires_micros: int | None
    permissions: str
    networks: str
    created_micros: int
    expires_micros: int | None
    revoked_micros: int | None
    organisation_id: OrganisationId
    organisation_standing: str
    user_id: UserId
    user_standing: str
    member_standing: str | None
    roles: str
    custom_permissions: str | None

    @property
    def allowed_networks(self) -> tuple[str, ...]:
        """The CIDR blocks from which it may be used; none means any."""
        return tuple(self.networks.split())

    @property
    def created_at(self) -> datetime:
        """When the key was made."""
        return from_micros(self.created_micros)

    @property
    def expires_at(self) -> datetime | None:
        """From when on the key is worth nothing; None for one that does not expire."""
        return from_micros_or_none(self.expires_micros)

    @property
    def revoked(self) -> bool:
        """Whether it was revoked."""
        return self.revoked_micros is not None

    @property
    def holder(self) -> Holder:
        """The user for whom it acts."""
        return holder_of(self)

    def held_by(self, holder: Holder) -> "LiveApiKey":
        """Return the key as it would be if its user stood as `holder` says."""
        return LiveApiKey._make((*self[:-HOLDER_WIDTH], *columns_of_holder(holder)))


def connection_of(row: tuple[Any, ...]) -> LiveConnection:
    """Return the connection of a row that ends with its columns and the holder's."""
    connection_id, scopes, ended_micros, app_id, client_id, name, standing, app_scopes = row[-_BOTH_WIDTH:-HOLDER_WIDTH]
    ended = ended_micros is not None
    return LiveConnection(connection_id, scopes, ended, app_id, client_id, name, AppStanding(standing), app_scopes)


def holder_of(row: tuple[Any, ...]) -> Holder:
    """Return the user for whom a row's credential acts, from its last columns."""
    organisation_id, of_organisation, user_id, of_user, of_member, roles, custom_permissions = row[-HOLDER_WIDTH:]
    member_standing = None if of_member is None else Standing(of_member)
    standings = Standing(of_organisation), Standing(of_user)
    return Holder(organisation_id, standings[0], user_id, standings[1], member_standing, roles, custom_permissions)


def may_act(organisation_standing: str, user_standing: str, member_standing: str | None) -> bool:
    """Tell whether organisation, user and member may all act now, as `Holder.is_active` does."""
    return organisation_standing == _ACTIVE and user_standing == _ACTIVE and member_standing == _ACTIVE


def columns_of_holder(holder: Holder) -> tuple[str | None, ...]:
    """Return the last columns of a live row, of which `holder_of` makes the holder."""
    return (
        holder.organisation_id,
        holder.organisation_standing,
        holder.user_id,
        holder.user_standing,
        holder.member_standing,
        holder.roles,
        holder.custom_permissions,
    )


@lru_cache(maxsize=4096)
def what_stands(tokens: frozenset[str], connection_scopes: str, app_scopes: str) -> Scope:
    """Return what the user's approval and the app's registration, as they are now, let through of these tokens.

    Pure, kept by its content: what the rows say is read anew each time.
    """
    return Scope(tokens & frozenset(connection_scopes.split()) & frozenset(app_scopes.split()))
