"""The check: what may this credential do right now? One strict read, no cached authority.

RFC 6750 §3.1 for the refusals; the rule itself is that of model/check.py.
"""

from dataclasses import dataclass

from consentry.flows.usage import UsageRecorder
from consentry.model.access import Access, Reason, Refused
from consentry.model.approval import ApprovalBook
from consentry.model.check import is_text_of_key, judge_key, judge_token
from consentry.model.ids import API_KEY, ApiKeyId, TokenId
from consentry.model.membership import RoleBook
from consentry.model.secret import CredentialKind, ParsedCredential, is_same_digest, kind_of, parse_credential
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock

UNKNOWN = Refused(Reason.UNKNOWN_CREDENTIAL, "The credential is unknown, or was removed. Connect again.")
_MALFORMED = Refused(
    Reason.MALFORMED_CREDENTIAL, "This is not a credential of this server, or a character of it was changed or lost."
)
_WRONG_KIND = Refused(
    Reason.MALFORMED_CREDENTIAL, "This kind of credential does not open an API. Send an access token or an API key."
)


@dataclass(frozen=True, slots=True)
class CheckBearer:
    """Checks access tokens and API keys."""

    credentials: CredentialStore
    approvals: ApprovalBook
    roles: RoleBook
    usage: UsageRecorder
    clock: Clock

    async def check(self, text: str, *, address: str | None = None, resource: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why it may do nothing.

        `address` is the caller's network address, for keys with an allow-list (no address, no use). `resource` is the
        RFC 8707 identifier of the API that asks: a token bound to another one is refused; None asks for no binding.
        A malformed credential costs no read; a use is recorded without delaying the answer.
        """
        parsed = read_bearer(text)
        if isinstance(parsed, Refused):
            return parsed
        if parsed.kind is CredentialKind.ACCESS_TOKEN:
            return await self._check_token(parsed, resource)
        return await self._check_key(parsed, address)

    async def _check_token(self, parsed: ParsedCredential, resource: str | None) -> Access | Refused:
        token = await self.credentials.find_access_token(TokenId(parsed.id))
        if token is None or not is_same_digest(token.digest, parsed.digest):
            return UNKNOWN
        now = self.clock.now()
        answer = judge_token(token, now, resource, self.approvals, self.roles)
        if isinstance(answer, Access):
            self.usage.record_connection(token.connection.id, now)
        return answer

    async def _check_key(self, parsed: ParsedCredential, address: str | None) -> Access | Refused:
        key = await self.credentials.find_api_key(ApiKeyId(API_KEY + parsed.id))
        now = self.clock.now()
        if key is None or not is_text_of_key(key, parsed.digest, now):
            return UNKNOWN
        answer = judge_key(key, now, address, self.roles)
        if isinstance(answer, Access):
            self.usage.record_api_key(key.id, now, address)
        return answer


def read_bearer(text: str) -> ParsedCredential | Refused:
    """Return the parts of an access token or API key whose form and checksum are right, or why it is neither."""
    if text.startswith(CredentialKind.ACCESS_TOKEN):
        return parse_credential(text, CredentialKind.ACCESS_TOKEN) or _MALFORMED
    if text.startswith(CredentialKind.API_KEY):
        return parse_credential(text, CredentialKind.API_KEY) or _MALFORMED
    return _MALFORMED if kind_of(text) is None else _WRONG_KIND
