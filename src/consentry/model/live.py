"""Live rows: what one read finds of a credential and of all that it hangs on, as committed at that moment.

An access token and an API key are checked on every call of the product's API, so they stay the row that was read:
texts as they are stored, so that what is computed from them can be memoised by content (model/check.py), and times in
microseconds since the epoch. What reads better is a property, for those who are in less of a hurry.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from consentry.model.app import AppStanding
from consentry.model.credential import AuthorizationCode, TokenFamily
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, TokenId, UserId
from consentry.model.membership import Holder
from consentry.model.micros import from_micros, from_micros_or_none, to_micros
from consentry.model.organisation import Standing
from consentry.oauth.scope import Scope

_HOLDER_WIDTH = 7


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
        return Scope(scope.tokens & frozenset(self.scopes.split()) & frozenset(self.app_scopes.split()))


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
        return cls._make((*own, *above, *app, connection.app_scopes, *_columns(holder)))

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
        return LiveConnection(
            self.connection_id,
            self.connection_scopes,
            self.connection_ended_micros is not None,
            self.app_id,
            self.client_id,
            self.app_name,
            AppStanding(self.app_standing),
            self.app_scopes,
        )

    @property
    def holder(self) -> Holder:
        """The user for whom it acts."""
        return _holder(self)

    def held_by(self, holder: Holder) -> "LiveToken":
        """Return the token as it would be if its user stood as `holder` says."""
        return LiveToken._make((*self[:-_HOLDER_WIDTH], *_columns(holder)))


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
        return _holder(self)

    def held_by(self, holder: Holder) -> "LiveApiKey":
        """Return the key as it would be if its user stood as `holder` says."""
        return LiveApiKey._make((*self[:-_HOLDER_WIDTH], *_columns(holder)))


def _holder(row: LiveToken | LiveApiKey) -> Holder:
    return Holder(
        row.organisation_id,
        Standing(row.organisation_standing),
        row.user_id,
        Standing(row.user_standing),
        None if row.member_standing is None else Standing(row.member_standing),
        row.roles,
        row.custom_permissions,
    )


def _columns(holder: Holder) -> tuple[str | None, ...]:
    """Return the last columns of a live row, of which `_holder` makes the holder."""
    return (
        holder.organisation_id,
        holder.organisation_standing,
        holder.user_id,
        holder.user_standing,
        holder.member_standing,
        holder.roles,
        holder.custom_permissions,
    )


@dataclass(frozen=True, slots=True)
class LiveCode:
    """An authorization code with what it was issued under, as that stands now."""

    code: AuthorizationCode
    connection: LiveConnection
    holder: Holder


@dataclass(frozen=True, slots=True)
class LiveFamily:
    """A token family with what it hangs on, as that stands now."""

    family: TokenFamily
    connection: LiveConnection
    holder: Holder
