"""Live rows of what is exchanged for tokens: codes and token families, with all that they hang on as committed then.

Like an access token (model/live.py), they stay the row that was read: an exchange looks at most columns once, if at
all. What reads better is a property, for those who are in less of a hurry.
"""

from datetime import timedelta
from typing import NamedTuple, Protocol

from consentry.model.credential import SignInFacts
from consentry.model.ids import AppId, ClientId, CodeId, ConnectionId, FamilyId, OrganisationId, SessionId, UserId
from consentry.model.live import (
    HOLDER_WIDTH,
    LiveConnection,
    columns_of_holder,
    connection_of,
    holder_of,
    may_act,
    what_stands,
)
from consentry.model.membership import Holder
from consentry.model.micros import from_micros
from consentry.oauth.scope import Scope, stored_scope


class LiveGrant(Protocol):
    """What an ID token is told of, beside an access token: how somebody had signed in, and under which connection."""

    @property
    def sign_in(self) -> SignInFacts | None:
        """How the user had signed in; None where that is not to be told."""
        ...

    @property
    def connection(self) -> LiveConnection:
        """The connection, with the app."""
        ...

    @property
    def user_id(self) -> UserId:
        """The user for whom the app acts."""
        ...


class LiveCode(NamedTuple):
    """An authorization code's row with what it was issued under, in the order in which it is read.

    `issued_to` is the app that the code is bound to; `granted` is its scope as it is stored.
    """

    id: CodeId
    digest: bytes
    issued_to: AppId
    redirect_uri: str
    code_challenge: str | None
    granted: str
    nonce: str | None
    resource: str | None
    expires_micros: int
    consumed_micros: int | None
    family_id: FamilyId | None
    dpop_jkt: str | None
    session_id: SessionId | None
    authenticated_micros: int | None
    claims: str | None
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

    @property
    def scope(self) -> Scope:
        """What was granted."""
        return stored_scope(self.granted)

    @property
    def standing(self) -> Scope:
        """What of it the user's approval and the app's registration still let through."""
        return what_stands(self.scope.tokens, self.connection_scopes, self.app_scopes)

    @property
    def is_ended(self) -> bool:
        """Tell whether the connection was ended, or its user may not act now."""
        standings = self.organisation_standing, self.user_standing, self.member_standing
        return self.connection_ended_micros is not None or not may_act(*standings)

    @property
    def sign_in(self) -> SignInFacts | None:
        """How the user had signed in when they approved."""
        return _sign_in(self.session_id, self.authenticated_micros, self.claims)

    @property
    def connection(self) -> LiveConnection:
        """The connection that it hangs on, with the app."""
        return connection_of(self)

    @property
    def holder(self) -> Holder:
        """The user who approved."""
        return holder_of(self)

    def is_expired(self, now: int) -> bool:
        """Tell whether the code's minute is over at `now`, in microseconds since the epoch."""
        return now >= self.expires_micros

    def held_by(self, holder: Holder) -> "LiveCode":
        """Return the code as it would be if its user stood as `holder` says."""
        return LiveCode._make((*self[:-HOLDER_WIDTH], *columns_of_holder(holder)))


class LiveFamily(NamedTuple):
    """A token family's row with what it hangs on, in the order in which it is read.

    `granted` and `successor_granted` are scopes as they are stored; `sealed_successor` is the current refresh token,
    sealed with a key derived from the one that it replaced at `rotated_micros`; `dpop_jkt` is the thumbprint of the key
    that the refresh tokens of a public app are bound to (RFC 9449 §5).
    """

    id: FamilyId
    granted: str
    resource: str | None
    refresh_digest: bytes
    generation: int
    sealed_successor: bytes | None
    successor_granted: str | None
    rotated_micros: int
    idle_expires_micros: int
    expires_micros: int
    ended_micros: int | None
    dpop_jkt: str | None
    session_id: SessionId | None
    authenticated_micros: int | None
    claims: str | None
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

    @property
    def scope(self) -> Scope:
        """What was granted."""
        return stored_scope(self.granted)

    @property
    def successor_scope(self) -> Scope | None:
        """The scope for which the current refresh token was given."""
        return None if self.successor_granted is None else stored_scope(self.successor_granted)

    @property
    def is_ended(self) -> bool:
        """Tell whether family or connection were ended, or the user may not act now."""
        standings = self.organisation_standing, self.user_standing, self.member_standing
        return self.ended_micros is not None or self.connection_ended_micros is not None or not may_act(*standings)

    @property
    def sign_in(self) -> SignInFacts | None:
        """How the user had signed in when they approved."""
        return _sign_in(self.session_id, self.authenticated_micros, self.claims)

    @property
    def connection(self) -> LiveConnection:
        """The connection that it hangs on, with the app."""
        return connection_of(self)

    @property
    def holder(self) -> Holder:
        """The user for whom the app acts."""
        return holder_of(self)

    def standing(self, scope: Scope) -> Scope:
        """Return what of `scope` the user's approval and the app's registration still let through."""
        return what_stands(scope.tokens, self.connection_scopes, self.app_scopes)

    def is_expired(self, now: int) -> bool:
        """Tell whether the family was idle too long or has reached its absolute end."""
        return now >= self.idle_expires_micros or now >= self.expires_micros

    def in_grace(self, now: int, grace: timedelta) -> bool:
        """Tell whether a repeat of the refresh that led to the current generation is still harmless."""
        return self.sealed_successor is not None and from_micros(now) < from_micros(self.rotated_micros) + grace

    def held_by(self, holder: Holder) -> "LiveFamily":
        """Return the family as it would be if its user stood as `holder` says."""
        return LiveFamily._make((*self[:-HOLDER_WIDTH], *columns_of_holder(holder)))


def _sign_in(session_id: SessionId | None, authenticated: int | None, claims: str | None) -> SignInFacts | None:
    if session_id is None or authenticated is None:
        return None
    return SignInFacts(session_id, from_micros(authenticated), claims)
