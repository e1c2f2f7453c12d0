"""The check: what may this credential do right now? One strict read, no cached authority.

RFC 6750 §3.1 for the refusals; the intersection is that of model/access.py.
"""

from dataclasses import dataclass
from datetime import datetime

from consentry.flows.usage import UsageRecorder
from consentry.model.access import Access, Reason, Refused
from consentry.model.allowed_network import is_allowed_address
from consentry.model.app import AppStatus
from consentry.model.approval import ApprovalBook
from consentry.model.ids import API_KEY, ApiKeyId, TokenId
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.membership import Holder, RoleBook
from consentry.model.organisation import Standing
from consentry.model.permission import parse_permissions
from consentry.model.secret import CredentialKind, ParsedCredential, is_same_digest, kind_of, parse_credential
from consentry.oauth.resource import is_same_resource
from consentry.ports.credentials import CredentialStore
from consentry.ports.world import Clock

_UNKNOWN = Refused(Reason.UNKNOWN_CREDENTIAL, "The credential is unknown, or was removed. Connect again.")
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
        if text.startswith(CredentialKind.ACCESS_TOKEN):
            parsed = parse_credential(text, CredentialKind.ACCESS_TOKEN)
            return _MALFORMED if parsed is None else await self._check_token(parsed, resource)
        if text.startswith(CredentialKind.API_KEY):
            parsed = parse_credential(text, CredentialKind.API_KEY)
            return _MALFORMED if parsed is None else await self._check_key(parsed, address)
        return _MALFORMED if kind_of(text) is None else _WRONG_KIND

    async def _check_token(self, parsed: ParsedCredential, resource: str | None) -> Access | Refused:
        token = await self.credentials.find_access_token(TokenId(parsed.id))
        if token is None or not is_same_digest(token.digest, parsed.digest):
            return _UNKNOWN
        now = self.clock.now()
        refusal = _find_token_fault(token, now, resource) or _find_holder_fault(token.holder)
        if refusal is not None:
            return refusal
        connection, holder = token.connection, token.holder
        approval = self.approvals.approved(token.scope, connection.scopes, connection.app_scopes)
        held = self.roles.held_by(holder)
        self.usage.record_connection(connection.id, now)
        return Access(
            organisation_id=holder.organisation_id,
            user_id=holder.user_id,
            app_id=connection.app_id,
            client_id=connection.client_id,
            connection_id=connection.id,
            api_key_id=None,
            scope=approval.scope,
            approved=approval.permissions,
            held=held,
            permissions=approval.permissions & held,
            resource=token.resource,
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )

    async def _check_key(self, parsed: ParsedCredential, address: str | None) -> Access | Refused:
        key = await self.credentials.find_api_key(ApiKeyId(API_KEY + parsed.id))
        now = self.clock.now()
        if key is None or not _opens(key, parsed.digest, now):
            return _UNKNOWN
        refusal = _find_key_fault(key, now, address) or _find_holder_fault(key.holder)
        if refusal is not None:
            return refusal
        approved, held = parse_permissions(key.permissions), self.roles.held_by(key.holder)
        self.usage.record_api_key(key.id, now, address)
        return Access(
            organisation_id=key.holder.organisation_id,
            user_id=key.holder.user_id,
            app_id=None,
            client_id=None,
            connection_id=None,
            api_key_id=key.id,
            scope=None,
            approved=approved,
            held=held,
            permissions=approved & held,
            resource=None,
            issued_at=key.created_at,
            expires_at=key.expires_at,
        )


def _find_token_fault(token: LiveToken, now: datetime, resource: str | None) -> Refused | None:
    if now >= token.expires_at:
        return Refused(Reason.EXPIRED, "The access token has expired. Use the refresh token, or connect again.")
    if token.connection.ended:
        return Refused(Reason.REVOKED, "The connection was ended. The user can connect the app again.")
    if token.family_ended:
        return Refused(Reason.REVOKED, "The tokens of this sign-in were revoked. The app can ask the user again.")
    if token.connection.app_status is not AppStatus.ACTIVE:
        return Refused(Reason.APP_SUSPENDED, "The app was deactivated by an administrator.")
    if token.resource is not None and resource is not None and not is_same_resource(token.resource, resource):
        return Refused(Reason.WRONG_AUDIENCE, "The access token was issued for another API.")
    return None


def _find_key_fault(key: LiveApiKey, now: datetime, address: str | None) -> Refused | None:
    if key.revoked:
        return Refused(Reason.REVOKED, "The API key was revoked.")
    if key.expires_at is not None and now >= key.expires_at:
        return Refused(Reason.EXPIRED, "The API key has expired. Create a new one.")
    if not is_allowed_address(key.allowed_networks, address):
        return Refused(Reason.ADDRESS_NOT_ALLOWED, "The API key may not be used from this network address.")
    return None


def _opens(key: LiveApiKey, given: bytes, now: datetime) -> bool:
    current = is_same_digest(key.digest, given)
    previous = (
        key.previous_digest is not None
        and key.previous_expires_at is not None
        and is_same_digest(key.previous_digest, given)
        and now < key.previous_expires_at
    )
    return current or previous


def _find_holder_fault(holder: Holder) -> Refused | None:
    if holder.organisation_standing is not Standing.ACTIVE:
        return Refused(Reason.ORGANISATION_SUSPENDED, "The organisation is suspended.")
    if holder.user_standing is not Standing.ACTIVE:
        return Refused(Reason.USER_SUSPENDED, "The user is suspended.")
    if holder.member_standing is None:
        return Refused(Reason.MEMBER_REMOVED, "The user is no longer a member of the organisation.")
    if holder.member_standing is not Standing.ACTIVE:
        return Refused(Reason.MEMBER_SUSPENDED, "The user is suspended in the organisation.")
    return None
