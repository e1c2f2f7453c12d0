"""The check as a pure rule: from the live rows of one read to what the credential may do now, or why it may not.

The guard asks it on every call, and the explanation of an access asks the very same.
"""

from datetime import datetime
from typing import NamedTuple

from consentry.model.access import Access, Reason, Refused
from consentry.model.allowed_network import is_allowed_address
from consentry.model.app import AppStanding
from consentry.model.approval import ApprovalBook
from consentry.model.live import LiveApiKey, LiveToken
from consentry.model.membership import RoleBook
from consentry.model.micros import to_micros
from consentry.model.organisation import Standing
from consentry.model.permission import parse_permissions
from consentry.model.secret import is_same_digest
from consentry.oauth.resource import is_same_resource
from consentry.oauth.scope import Scope

_MEMO_MOST = 8192
# What the columns hold: a text is compared faster with a text than with a member of an enumeration.
_APP_ACTIVE, _ACTIVE = AppStanding.ACTIVE.value, Standing.ACTIVE.value
_new_access = tuple.__new__


class _Reach(NamedTuple):
    scope: Scope
    approved: frozenset[str]
    held: frozenset[str]
    permissions: frozenset[str]


class Judge:
    """Judges live rows under one catalog.

    What the stored texts of scopes, roles and permissions come to is computed once for each content; that they are
    still the ones which hold is read anew for every check. `now` is in microseconds since the epoch.
    """

    def __init__(self, approvals: ApprovalBook, roles: RoleBook) -> None:
        self._approvals = approvals
        self._roles = roles
        self._memo: dict[tuple[str, str, str, str, str | None], _Reach] = {}

    def token(self, token: LiveToken, now: int, resource: str | None) -> Access | Refused:
        """Say what an access token may do at `now` at the API of this RFC 8707 identifier (None: of no binding)."""
        (
            _id,
            _digest,
            scope,
            token_resource,
            issued_micros,
            expires_micros,
            dpop_jkt,
            family_ended,
            connection_id,
            connection_scopes,
            connection_ended,
            app_id,
            client_id,
            _app_name,
            app_standing,
            app_scopes,
            organisation_id,
            organisation_standing,
            user_id,
            user_standing,
            member_standing,
            roles,
            custom_permissions,
        ) = token
        if now >= expires_micros:
            return _TOKEN_EXPIRED
        if connection_ended is not None or family_ended is not None:
            return _FAMILY_ENDED if connection_ended is None else _CONNECTION_ENDED
        if app_standing != _APP_ACTIVE:
            return ORG_POLICY if app_standing == AppStanding.REFUSED else _APP_SUSPENDED
        if token_resource is not None and resource is not None and not is_same_resource(token_resource, resource):
            return _WRONG_AUDIENCE
        if organisation_standing != _ACTIVE or user_standing != _ACTIVE or member_standing != _ACTIVE:
            return _holder_fault(organisation_standing, user_standing, member_standing)
        reach = self._memo.get((scope, connection_scopes, app_scopes, roles, custom_permissions))
        if reach is None:
            reach = self._reach(scope, connection_scopes, app_scopes, roles, custom_permissions)
        scope_now, approved, held, permissions = reach
        return _new_access(
            Access,
            (
                organisation_id,
                user_id,
                app_id,
                client_id,
                connection_id,
                None,
                scope_now,
                approved,
                held,
                permissions,
                token_resource,
                issued_micros,
                expires_micros,
                dpop_jkt,
                app_scopes,
            ),
        )

    def key(self, key: LiveApiKey, now: int, address: str | None) -> Access | Refused:
        """Say what an API key may do at `now` from this network address (None is inside no allow-list)."""
        if key.revoked_micros is not None:
            return _KEY_REVOKED
        if key.expires_micros is not None and now >= key.expires_micros:
            return _KEY_EXPIRED
        if key.networks and not is_allowed_address(key.allowed_networks, address):
            return _ADDRESS_NOT_ALLOWED
        standings = (key.organisation_standing, key.user_standing, key.member_standing)
        if standings != (_ACTIVE, _ACTIVE, _ACTIVE):
            return _holder_fault(*standings)
        approved = parse_permissions(key.permissions)
        held = self._roles.permissions_of(key.roles, key.custom_permissions)
        return Access(
            key.organisation_id,
            key.user_id,
            None,
            None,
            None,
            key.id,
            None,
            approved,
            held,
            approved & held,
            None,
            key.created_micros,
            key.expires_micros,
        )

    def _reach(self, scope: str, connection: str, app: str, roles: str, custom_permissions: str | None) -> _Reach:
        approval = self._approvals.approved(scope, connection, app)
        held = self._roles.permissions_of(roles, custom_permissions)
        reach = _Reach(approval.scope, approval.permissions, held, approval.permissions & held)
        if len(self._memo) >= _MEMO_MOST:
            self._memo.clear()
        self._memo[scope, connection, app, roles, custom_permissions] = reach
        return reach


def judge_token(
    token: LiveToken, now: datetime, resource: str | None, approvals: ApprovalBook, roles: RoleBook
) -> Access | Refused:
    """Say once what an access token may do at `now` at the API of this RFC 8707 identifier (None: of no binding)."""
    return Judge(approvals, roles).token(token, to_micros(now), resource)


def judge_key(key: LiveApiKey, now: datetime, address: str | None, roles: RoleBook) -> Access | Refused:
    """Say once what an API key may do at `now` from this network address (None is inside no allow-list)."""
    return Judge(ApprovalBook(roles.catalog), roles).key(key, to_micros(now), address)


def is_text_of_key(key: LiveApiKey, given: bytes, now: int) -> bool:
    """Tell whether `given` is the digest of the key's text, or of the one before while that may still be used."""
    current = is_same_digest(key.digest, given)
    previous = (
        key.previous_digest is not None
        and key.previous_expires_micros is not None
        and is_same_digest(key.previous_digest, given)
        and now < key.previous_expires_micros
    )
    return current or previous


def _holder_fault(organisation: str, user: str, member: str | None) -> Refused:
    if organisation != _ACTIVE:
        return _ORGANISATION_SUSPENDED
    if user != _ACTIVE:
        return _USER_SUSPENDED
    return _MEMBER_REMOVED if member is None else _MEMBER_SUSPENDED


ORG_POLICY = Refused(
    Reason.ORG_POLICY,
    "The organisation does not let its members use apps that registered themselves. An administrator can change that.",
)
"""Of an app that the organisation of the connection refuses, wherever it comes with what it was given before."""

_TOKEN_EXPIRED = Refused(Reason.EXPIRED, "The access token has expired. Use the refresh token, or connect again.")
_CONNECTION_ENDED = Refused(Reason.REVOKED, "The connection was ended. The user can connect the app again.")
_FAMILY_ENDED = Refused(Reason.REVOKED, "The tokens of this sign-in were revoked. The app can ask the user again.")
_APP_SUSPENDED = Refused(Reason.APP_SUSPENDED, "The app was deactivated by an administrator.")
_WRONG_AUDIENCE = Refused(Reason.WRONG_AUDIENCE, "The access token was issued for another API.")
_KEY_REVOKED = Refused(Reason.REVOKED, "The API key was revoked.")
_KEY_EXPIRED = Refused(Reason.EXPIRED, "The API key has expired. Create a new one.")
_ADDRESS_NOT_ALLOWED = Refused(Reason.ADDRESS_NOT_ALLOWED, "The API key may not be used from this network address.")
_ORGANISATION_SUSPENDED = Refused(Reason.ORGANISATION_SUSPENDED, "The organisation is suspended.")
_USER_SUSPENDED = Refused(Reason.USER_SUSPENDED, "The user is suspended.")
_MEMBER_REMOVED = Refused(Reason.MEMBER_REMOVED, "The user is no longer a member of the organisation.")
_MEMBER_SUSPENDED = Refused(Reason.MEMBER_SUSPENDED, "The user is suspended in the organisation.")
