"""The check as a pure rule: from the live rows of one read to what the credential may do now, or why it may not.

The guard asks it on every call, and the explanation of an access asks the very same.
"""

from datetime import datetime

from consentry.model.access import Access, Reason, Refused
from consentry.model.allowed_network import is_allowed_address
from consentry.model.app import AppStatus
from consentry.model.approval import ApprovalBook
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.membership import Holder, RoleBook
from consentry.model.organisation import Standing
from consentry.model.permission import parse_permissions
from consentry.model.secret import is_same_digest
from consentry.oauth.resource import is_same_resource


def judge_token(
    token: LiveToken, now: datetime, resource: str | None, approvals: ApprovalBook, roles: RoleBook
) -> Access | Refused:
    """Say what an access token may do at `now` at the API of this RFC 8707 identifier (None asks for no binding)."""
    refusal = _find_token_fault(token, now, resource) or _find_holder_fault(token.holder)
    if refusal is not None:
        return refusal
    connection, holder = token.connection, token.holder
    approval = approvals.approved(token.scope, connection.scopes, connection.app_scopes)
    held = roles.held_by(holder)
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


def judge_key(key: LiveApiKey, now: datetime, address: str | None, roles: RoleBook) -> Access | Refused:
    """Say what an API key may do at `now` from this network address (None is inside no allow-list)."""
    refusal = _find_key_fault(key, now, address) or _find_holder_fault(key.holder)
    if refusal is not None:
        return refusal
    approved, held = parse_permissions(key.permissions), roles.held_by(key.holder)
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


def is_text_of_key(key: LiveApiKey, given: bytes, now: datetime) -> bool:
    """Tell whether `given` is the digest of the key's text, or of the one before while that may still be used."""
    current = is_same_digest(key.digest, given)
    previous = (
        key.previous_digest is not None
        and key.previous_expires_at is not None
        and is_same_digest(key.previous_digest, given)
        and now < key.previous_expires_at
    )
    return current or previous


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
