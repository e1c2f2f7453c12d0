"""Credentials as they are stored, and the rules of their life. Only digests of secrets are here."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from consentry.model.ids import (
    ApiKeyId,
    AppId,
    CodeId,
    ConnectionId,
    FamilyId,
    OrganisationId,
    SessionId,
    TokenId,
    UserId,
)
from consentry.model.micros import from_micros
from consentry.oauth.scope import Scope

WRONG_PROOFS_MOST = 5


class SignInFacts(NamedTuple):
    """How the user had signed in when they approved, which ID tokens tell (OpenID Connect Core §2).

    `claims` is what the app asked to be told one by one, as `ClaimsRequest` writes it; None for nothing.
    """

    session_id: SessionId
    authenticated_at: datetime
    claims: str | None = None


class AuthorizationCode(NamedTuple):
    """A code as it is issued, bound to everything that it is issued for (RFC 6749 §4.1.2; RFC 7636 §4.4).

    `redirect_uri` is as the client sent it; `dpop_jkt` is the thumbprint of the key that the client must prove to hold
    when it redeems the code (RFC 9449 §10).
    """

    id: CodeId
    digest: bytes
    connection_id: ConnectionId
    app_id: AppId
    redirect_uri: str
    code_challenge: str | None
    scope: Scope
    nonce: str | None
    resource: str | None
    issued_at: datetime
    expires_at: datetime
    dpop_jkt: str | None = None
    sign_in: SignInFacts | None = None


class TokenFamily(NamedTuple):
    """All tokens that come from one code, as they begin: one row, however often the refresh token is rotated.

    `refresh_digest` and `generation` are the first refresh token's; `dpop_jkt` is the thumbprint of the key that the
    refresh tokens of a public app are bound to (RFC 9449 §5). Times are microseconds since the epoch, as in the row.
    """

    id: FamilyId
    connection_id: ConnectionId
    scope: Scope
    resource: str | None
    refresh_digest: bytes
    generation: int
    created_micros: int
    idle_expires_micros: int
    expires_micros: int
    dpop_jkt: str | None = None
    sign_in: SignInFacts | None = None


class Rotation(NamedTuple):
    """What a refresh changes of a token family that was at the generation before.

    `sealed_successor` is the new refresh token, sealed with a key derived from the one that it replaces.
    """

    family_id: FamilyId
    refresh_digest: bytes
    generation: int
    sealed_successor: bytes
    successor_scope: Scope
    rotated_micros: int
    idle_expires_micros: int


class AccessToken(NamedTuple):
    """An access token's row: appended, never changed, gone after it expires.

    `dpop_jkt` is the thumbprint of the key that it is bound to, None for a bearer token (RFC 9449 §6). Times are
    microseconds since the epoch, as in the row.
    """

    id: TokenId
    digest: bytes
    family_id: FamilyId
    scope: Scope
    resource: str | None
    issued_micros: int
    expires_micros: int
    dpop_jkt: str | None = None

    @property
    def issued_at(self) -> datetime:
        """When the token was issued."""
        return from_micros(self.issued_micros)

    @property
    def token_type(self) -> str:
        """What the client is told of how to send it. RFC 6750 §4, RFC 9449 §5."""
        return "Bearer" if self.dpop_jkt is None else "DPoP"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key with which a script acts for its user.

    `previous_digest` still works until `previous_expires_at`, after a rotation with overlap. `allowed_networks` are
    CIDR blocks; none means any. `hint` is the last four characters.
    """

    id: ApiKeyId
    organisation_id: OrganisationId
    user_id: UserId
    name: str
    permissions: frozenset[str]
    digest: bytes
    hint: str
    previous_digest: bytes | None
    previous_expires_at: datetime | None
    allowed_networks: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    revoked_at: datetime | None
    revoked_by: UserId | None

    def is_live(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
