"""The only place that mints tokens; shared by the grants."""

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from consentry.flows.token_policy import TokenPolicy
from consentry.model.client import Client
from consentry.model.credential import AccessToken, Rotation, TokenFamily
from consentry.model.ids import ConnectionId, FamilyId, TokenId
from consentry.model.micros import MICROSECOND, SECOND
from consentry.model.refresh_token import RefreshToken, new_refresh_token, parse_refresh_token
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.oauth.client_metadata import REFRESH_TOKEN
from consentry.oauth.identity_scopes import OFFLINE_ACCESS
from consentry.oauth.responses import TokenResponse
from consentry.oauth.scope import Scope
from consentry.ports.world import SecretSource

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class MintedAccess(NamedTuple):
    """An access token: its row, and its text for the client."""

    row: AccessToken
    text: Secret

    def response(self, *, refresh_token: Secret | None = None, id_token: str | None = None) -> TokenResponse:
        """Return what the client is told of it, and of what it gets beside it. *Source:* RFC 6749 §5.1."""
        row = self.row
        return TokenResponse(
            self.text.reveal(),
            expires_in=(row.expires_micros - row.issued_micros) // SECOND,
            refresh_token=None if refresh_token is None else refresh_token.reveal(),
            scope=row.scope,
            token_type=row.token_type,
            id_token=id_token,
        )


class MintedFamily(NamedTuple):
    """A token family with its current refresh token: its row, and the token's text for the client."""

    row: TokenFamily
    refresh_token: Secret


class Successor(NamedTuple):
    """A refresh token in place of another: what changes of the family's row, and the token's text for the client."""

    row: Rotation
    refresh_token: Secret


class Opening(Protocol):
    """What a family is opened with: an authorization code, or what a device was granted."""

    @property
    def connection_id(self) -> ConnectionId:
        """The connection that the tokens hang on."""
        ...

    @property
    def scope(self) -> Scope:
        """What was granted."""
        ...

    @property
    def resource(self) -> str | None:
        """The API that the tokens are meant for."""
        ...


class Bearing(Protocol):
    """A token family that bears a further access token."""

    @property
    def id(self) -> FamilyId:
        """Its identifier."""
        ...

    @property
    def resource(self) -> str | None:
        """The API that its tokens are meant for."""
        ...

    @property
    def expires_micros(self) -> int:
        """Its end, however it is used, in microseconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class TokenMint:
    """Makes families, access tokens and successors of refresh tokens. Stores nothing.

    `mac_key` is the 32-byte key under which refresh tokens are marked as made by this server. `now` is in microseconds
    since the epoch.
    """

    secrets: SecretSource
    policy: TokenPolicy
    mac_key: bytes
    _access_lifetime: int = field(init=False, repr=False)
    _idle_lifetime: int = field(init=False, repr=False)
    _absolute_lifetime: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_access_lifetime", self.policy.access_token_lifetime // MICROSECOND)
        object.__setattr__(self, "_idle_lifetime", self.policy.refresh_idle_lifetime // MICROSECOND)
        object.__setattr__(self, "_absolute_lifetime", self.policy.refresh_absolute_lifetime // MICROSECOND)

    def access_token(self, family: Bearing, scope: Scope, now: int, *, jkt: str | None = None) -> MintedAccess:
        """Return a new access token of the family, bound to a key where there is one; it never outlives the family."""
        token_id, secret = self.secrets.new_id_and_secret()
        expires = min(now + self._access_lifetime, family.expires_micros)
        row = AccessToken(TokenId(token_id), digest(secret), family.id, scope, family.resource, now, expires, jkt)
        return MintedAccess(row, format_credential(CredentialKind.ACCESS_TOKEN, token_id, secret))

    def family(self, code: Opening, now: int) -> MintedFamily:
        """Return the family that a code opens, with its first refresh token."""
        new_id, secret = self.secrets.new_id_and_secret()
        family_id = FamilyId(new_id)
        token = new_refresh_token(family_id, 1, secret, self.mac_key)
        row = TokenFamily(
            id=family_id,
            connection_id=code.connection_id,
            scope=code.scope,
            resource=code.resource,
            refresh_digest=token.digest,
            generation=1,
            created_micros=now,
            idle_expires_micros=self.idle_end(now),
            expires_micros=now + self._absolute_lifetime,
        )
        return MintedFamily(row, token.text())

    def successor(self, spent: RefreshToken, scope: Scope, now: int) -> Successor:
        """Return the refresh token that replaces `spent`, sealed for whoever holds that."""
        token = new_refresh_token(spent.family_id, spent.generation + 1, self.secrets.new_secret(), self.mac_key)
        text = token.text()
        sealed = _seal(spent, text, self.secrets.new_bytes(_NONCE_BYTES))
        row = Rotation(spent.family_id, token.digest, token.generation, sealed, scope, now, self.idle_end(now))
        return Successor(row, text)

    def idle_end(self, now: int) -> int:
        """Return when a family that is used now becomes idle for too long."""
        return now + self._idle_lifetime


def may_refresh(client: Client, scope: Scope) -> bool:
    """Tell whether the client is given a refresh token beside an access token of this scope (RFC 6749 §5.1).

    An app that knows of offline_access refreshes where the user granted it; any other always could (OpenID Connect Core
    §11).
    """
    app = client.app
    return app.metadata.may_use(REFRESH_TOKEN) and (OFFLINE_ACCESS in scope or not app.may_ask_for(OFFLINE_ACCESS))


def bound_for(client: Client, family: TokenFamily, jkt: str) -> TokenFamily:
    """Return the family as it is kept for a client that proved to hold a key. *Source:* RFC 9449 §5.

    The refresh tokens of a public app are bound to the key. Those of others are bound to the client already, which
    proves itself whenever it uses one, and may then change its key.
    """
    return family._replace(dpop_jkt=jkt) if client.app.is_public else family


@cache
def _cipher() -> "type[AESGCM]":
    # Loaded here because a server that introspects never seals.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

    return AESGCM


def _seal(spent: RefreshToken, successor: Secret, nonce: bytes) -> bytes:
    cipher = _cipher()(spent.seal_key)
    return nonce + cipher.encrypt(nonce, successor.reveal().encode(), spent.family_id.encode())


def open_successor(spent: RefreshToken, sealed: bytes) -> RefreshToken | None:
    """Return the successor that only the holder of `spent` can open, or None if `spent` is not the token it was."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - loaded where there is a seal to open

    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        text = _cipher()(spent.seal_key).decrypt(nonce, body, spent.family_id.encode())
    except InvalidTag:
        return None
    return parse_refresh_token(text.decode())
