"""Token revocation by the client that holds the token. RFC 7009."""

from dataclasses import dataclass

from consentry.flows.token_event import token_event
from consentry.model.client import Client
from consentry.model.event import Event, EventKind
from consentry.model.ids import TokenId
from consentry.model.live import LiveToken
from consentry.model.live_grant import LiveFamily
from consentry.model.refresh_token import parse_refresh_token
from consentry.model.secret import CredentialKind, is_same_digest, parse_credential
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Ends a token at its client's wish. The user's consent, the connection, stays."""

    credentials: CredentialStore
    mac_key: bytes
    clock: Clock
    secrets: SecretSource

    async def revoke(self, text: str, client: Client) -> None:
        """End the token: an access token alone, a refresh token with its whole family (§2.1).

        Whatever else was sent, unknown, ended or another client's, changes nothing and is no error (§2.2). A refresh
        token of a past generation ends its family too, since its holder wants it gone.
        """
        if text.startswith(CredentialKind.REFRESH_TOKEN):
            await self._revoke_refresh_token(text, client)
        else:
            await self._revoke_access_token(text, client)

    async def _revoke_refresh_token(self, text: str, client: Client) -> None:
        token = parse_refresh_token(text)
        live = None if token is None else await self.credentials.find_family(token.family_id)
        if token is None or live is None or live.app_id != client.app.id:
            return
        # The current token is known by its digest, also after the server's key was changed; past ones by their mark.
        if is_same_digest(live.refresh_digest, token.digest) or token.is_genuine(self.mac_key):
            await self.credentials.end_family(live.id, self._event(live), now=self.clock.now())

    async def _revoke_access_token(self, text: str, client: Client) -> None:
        parsed = parse_credential(text, CredentialKind.ACCESS_TOKEN)
        live = None if parsed is None else await self.credentials.find_access_token(TokenId(parsed.id))
        if parsed is None or live is None or not is_same_digest(live.digest, parsed.digest):
            return
        if live.app_id == client.app.id:
            await self.credentials.delete_access_token(live.id, self._event(live))

    def _event(self, live: LiveFamily | LiveToken) -> Event:
        return token_event(EventKind.FAMILY_ENDED, live, self.secrets, self.clock.now())
