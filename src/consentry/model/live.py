"""Live rows: what one read finds of a credential and of all that it hangs on, as committed at that moment.

Scopes, roles and permissions stay the texts that are stored, so that what is computed from them can be memoised by
content (model/approval.py, model/membership.py). Times stay aware UTC datetimes.
"""

from dataclasses import dataclass
from datetime import datetime

from consentry.model.app import AppStatus
from consentry.model.credential import AuthorizationCode, TokenFamily
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, TokenId
from consentry.model.membership import Holder
from consentry.oauth.scope import Scope


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """A connection with its app as both stand now. `app_scopes` are all that the app may ask for."""

    id: ConnectionId
    scopes: str
    ended: bool
    app_id: AppId
    client_id: ClientId
    app_name: str
    app_status: AppStatus
    app_scopes: str

    def standing(self, scope: Scope) -> Scope:
        """Return what of `scope` the user's approval and the app's registration still let through."""
        return Scope(scope.tokens & frozenset(self.scopes.split()) & frozenset(self.app_scopes.split()))


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An access token's row with everything that can narrow or end it."""

    id: TokenId
    digest: bytes
    scope: str
    resource: str | None
    issued_at: datetime
    expires_at: datetime
    family_ended: bool
    connection: LiveConnection
    holder: Holder


@dataclass(frozen=True, slots=True)
class LiveApiKey:
    """An API key's row with everything that can narrow or end it."""

    id: ApiKeyId
    name: str
    digest: bytes
    previous_digest: bytes | None
    previous_expires_at: datetime | None
    permissions: str
    allowed_networks: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked: bool
    holder: Holder


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
