"""The check: what may this credential do right now? One strict read, no cached authority.

RFC 6750 §3.1 for the refusals; the rule itself is that of model/check.py.
"""

from dataclasses import dataclass, field

from consentry.flows.usage import UsageRecorder
from consentry.model.access import Access, Reason, Refused
from consentry.model.approval import ApprovalBook
from consentry.model.check import Judge, is_text_of_key
from consentry.model.ids import API_KEY, ApiKeyId, TokenId
from consentry.model.membership import RoleBook
from consentry.model.possession import not_proved
from consentry.model.secret import CredentialKind, ParsedCredential, identify, is_same_digest, kind_of, parse_credential
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock

UNKNOWN = Refused(Reason.UNKNOWN_CREDENTIAL, "The credential is unknown, or was removed. Connect again.")
_MALFORMED = Refused(
    Reason.MALFORMED_CREDENTIAL, "This is not a credential of this server, or a character of it was changed or lost."
)
_WRONG_KIND = Refused(
    Reason.MALFORMED_CREDENTIAL, "This kind of credential does not open an API. Send an access token or an API key."
)

ANY_KEY = "any"
"""Stands for the thumbprint where nobody calls with the credential: it is only asked about."""

_TOKEN, _KEY = CredentialKind.ACCESS_TOKEN, CredentialKind.API_KEY


@dataclass(frozen=True, slots=True)
class CheckBearer:
    """Checks access tokens and API keys."""

    credentials: CredentialStore
    approvals: ApprovalBook
    roles: RoleBook
    usage: UsageRecorder
    clock: Clock
    _judge: Judge = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_judge", Judge(self.approvals, self.roles))

    async def check(
        self, text: str, *, address: str | None = None, resource: str | None = None, jkt: str | None = None
    ) -> Access | Refused:
        """Return what the credential may do now, or why it may do nothing.

        `address` is the caller's network address, for keys with an allow-list (no address, no use). `resource` is the
        RFC 8707 identifier of the API that asks: a token bound to another one is refused; None asks for no binding.
        `jkt` is the thumbprint of the key that the caller has proved to hold, None for a bearer: a token that is bound
        to a key is refused to everybody else, and one that is bound to none has no use for a proof (RFC 9449 §7).
        A malformed credential costs no read; a use is recorded without delaying the answer.
        """
        # Most calls bring an access token, so that its way has no step that it does not need.
        identified = identify(text, _TOKEN)
        if identified is None:
            return await self._check_other(text, address, jkt)
        token_id, given = identified
        token = await self.credentials.find_access_token(TokenId(token_id))
        if token is None or not is_same_digest(token.digest, given):
            return UNKNOWN
        if token.dpop_jkt != jkt and jkt is not ANY_KEY:
            return not_proved(token.dpop_jkt, jkt)
        now = self.clock.micros()
        answer = self._judge.token(token, now, resource)
        if isinstance(answer, Access):
            self.usage.record_connection(token.connection_id, now)
        return answer

    async def _check_other(self, text: str, address: str | None, jkt: str | None) -> Access | Refused:
        parsed = read_bearer(text)
        if isinstance(parsed, Refused):
            return parsed
        key = await self.credentials.find_api_key(ApiKeyId(API_KEY + parsed.id))
        now = self.clock.micros()
        if key is None or not is_text_of_key(key, parsed.digest, now):
            return UNKNOWN
        if jkt is not None and jkt is not ANY_KEY:
            return not_proved(None, jkt)
        answer = self._judge.key(key, now, address)
        if isinstance(answer, Access):
            self.usage.record_api_key(key.id, now, address)
        return answer


def read_bearer(text: str) -> ParsedCredential | Refused:
    """Return the parts of an access token or API key whose form and checksum are right, or why it is neither."""
    parsed = parse_credential(text, _TOKEN) or parse_credential(text, _KEY)
    if parsed is not None:
        return parsed
    return _MALFORMED if kind_of(text) in {None, _TOKEN, _KEY} else _WRONG_KIND
