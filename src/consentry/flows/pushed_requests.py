"""Authorization requests that clients push beforehand: checked at once, kept, and brought by a browser as a reference.

RFC 9126. The kept request wins over whatever else stands in the browser's address. It may be brought again until it is
answered, so that a page can be loaded anew; the answer uses it up, in the transaction that writes the answer.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from consentry.flows.authorize import Authorize, UntrustedCode, UntrustedRequestError
from consentry.model.client import Client
from consentry.model.faults import ConflictError
from consentry.model.ids import PushedRequestId
from consentry.model.pushed_request import PushedRequest, came_text, read_came
from consentry.model.secret import CredentialKind, digest, format_credential, is_same_digest, parse_credential
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.pushed_request import REQUEST_URI, find_reference, read_pushed
from consentry.ports.pushed_requests import PushedRequestStore
from consentry.ports.world import Clock, SecretSource

CAME = "came"
"""The parameter, of ours alone, that tells after a sign-in when the browser first brought the reference."""

_UNKNOWN = "The pushed request is unknown, has expired, or was used already. Go back to the app and connect again."


@dataclass(frozen=True, slots=True)
class PushedAnswer:
    """What the client is told: RFC 9126 §2.2. `expires_in` is in seconds."""

    request_uri: str
    expires_in: int

    def to_json_object(self) -> dict[str, object]:
        """Return the members of the JSON body."""
        return {"request_uri": self.request_uri, "expires_in": self.expires_in}


@dataclass(frozen=True, slots=True)
class Presented:
    """An authorization request as a browser brought it.

    `sent` is what the address holds, `query` what is asked for: the kept request where `pushed` is one, else the same.
    """

    sent: Parameters
    query: Parameters
    pushed: PushedRequest | None = None

    @property
    def pushed_id(self) -> PushedRequestId | None:
        """The pushed request that the answer uses up."""
        return None if self.pushed is None else self.pushed.id

    def is_met_by(self, authenticated_at: datetime) -> bool:
        """Tell whether a sign-in at that moment is newer than a pushed request, and so is what it asked for."""
        return self.pushed is not None and authenticated_at >= self.pushed.created_at


@dataclass(frozen=True, slots=True)
class PushedRequests:
    """Takes requests from clients, and finds them again for browsers. `mac_key` marks a browser's coming."""

    store: PushedRequestStore
    authorize: Authorize
    clock: Clock
    secrets: SecretSource
    lifetime: timedelta
    mac_key: bytes

    async def push(self, form: Parameters, client: Client, *, dpop_jkt: str | None = None) -> PushedAnswer:
        """Keep the client's request once it is as good as the authorization endpoint would want it.

        Raises OAuthError, which is answered to the client: INVALID_REQUEST also for a redirect URI that is not
        registered. *Source:* RFC 9126 §2.1, §2.3.
        """
        query = read_pushed(form, client.app.client_id)
        request_id, secret = PushedRequestId(self.secrets.new_id()), self.secrets.new_secret()
        try:
            to = await self.authorize.trust(query, pushed=request_id)
        except UntrustedRequestError as error:
            raise OAuthError(ErrorCode.INVALID_REQUEST, error.sentence) from error
        await self.authorize.read(query, to)
        now = self.clock.now()
        await self.store.push(
            PushedRequest(
                id=request_id,
                digest=digest(secret),
                app_id=client.app.id,
                query=urlencode(query.pairs),
                dpop_jkt=dpop_jkt,
                created_at=now,
                expires_at=now + self.lifetime,
                used_at=None,
            )
        )
        reference = format_credential(CredentialKind.PUSHED_REQUEST, request_id, secret)
        return PushedAnswer(REQUEST_URI + reference.reveal(), int(self.lifetime.total_seconds()))

    async def present(self, sent: Parameters) -> Presented:
        """Return what a browser asks for, pushed or not.

        Raises UntrustedRequestError, for a page, where the reference is unknown, expired, used, or another client's:
        then nobody knows where an answer might go. *Source:* RFC 9126 §4, §7.3.
        """
        try:
            pushed, query = await self._find(sent)
            client_id = sent.one("client_id")
        except OAuthError as error:
            raise UntrustedRequestError(UntrustedCode.INVALID_REQUEST, error.description) from error
        if query is None:
            return Presented(sent, sent)
        if pushed is None or query.one("client_id") != client_id or not self._is_good(pushed, sent):
            raise UntrustedRequestError(UntrustedCode.INVALID_REQUEST_URI, _UNKNOWN)
        return Presented(sent, query, pushed)

    async def reopen(self, text: str) -> Presented:
        """Return what a browser brought a while ago, for its user's answer: only use ends it, time no longer does.

        `text` is the query of `Presented.sent`. Raises ConflictError where it was answered already.
        """
        sent = Parameters.from_query(text)
        pushed, query = await self._find(sent)
        if query is None:
            return Presented(sent, sent)
        if pushed is None or pushed.used_at is not None:
            raise ConflictError("This request was answered already, perhaps in another tab. Go back to the app.")
        return Presented(sent, query, pushed)

    def after_sign_in(self, presented: Presented) -> tuple[tuple[str, str], ...]:
        """Return the parameters with which the browser comes back from a sign-in, however long it takes over it."""
        pushed, sent = presented.pushed, presented.sent
        if pushed is None:
            return sent.pairs
        came = self._came_at(pushed.id, sent) or self.clock.now()
        text = came_text(pushed.id, came)
        kept = tuple(pair for pair in sent.pairs if pair[0] in {"client_id", "request_uri"})
        return (*kept, (CAME, f"{text}.{self._mark(text)}"))

    async def _find(self, sent: Parameters) -> tuple[PushedRequest | None, Parameters | None]:
        """Return the pushed request that `sent` names and its parameters; an empty query for one that is not there."""
        reference = find_reference(sent)
        if reference is None:
            return None, None
        parsed = parse_credential(reference, CredentialKind.PUSHED_REQUEST)
        found = None if parsed is None else await self.store.find(PushedRequestId(parsed.id))
        if parsed is None or found is None or not is_same_digest(found.digest, parsed.digest):
            return None, Parameters()
        return found, Parameters.from_query(found.query)

    def _is_good(self, pushed: PushedRequest, sent: Parameters) -> bool:
        return pushed.is_good(self.clock.now(), self._came_at(pushed.id, sent))

    def _came_at(self, request_id: PushedRequestId, sent: Parameters) -> datetime | None:
        text, _, mark = next((value for name, value in sent.pairs if name == CAME), "").rpartition(".")
        read = read_came(text)
        if read is None or read[0] != request_id:
            return None
        return read[1] if hmac.compare_digest(self._mark(text).encode(), mark.encode()) else None

    def _mark(self, text: str) -> str:
        return urlsafe_b64encode(hmac.digest(self.mac_key, text.encode(), "sha256")).rstrip(b"=").decode()
