"""Explain an access: what a credential may do right now, and why not the rest. Only reads.

Who may: operators everything. A connection, and the access tokens under it: whoever holds `oauth_app.manage` in its
organisation, and its user in person. An API key: whoever holds `api_key.manage` there, and its owner (through a
credential only with `api_key.create`, as everywhere).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consentry.flows.check_bearer import UNKNOWN, read_bearer
from consentry.model.access import Refused
from consentry.model.acting import Acting
from consentry.model.approval import ApprovalBook
from consentry.model.catalog_entry import PermissionEntry
from consentry.model.check import is_text_of_key
from consentry.model.explainer import Explainer
from consentry.model.explanation import Explanation, nothing_known
from consentry.model.faults import Fault, InvalidInputError, NotFoundError
from consentry.model.ids import API_KEY, CONNECTION, ApiKeyId, ConnectionId, TokenId
from consentry.model.membership import Holder, RoleBook
from consentry.model.secret import CredentialKind, is_same_digest
from consentry.ports.credentials import CredentialStore
from consentry.ports.explanations import ExplanationStore
from consentry.ports.world import Clock

_APP_MANAGE, _KEY_MANAGE, _KEY_CREATE = "oauth_app.manage", "api_key.manage", "api_key.create"
_WHAT = "credential"


@dataclass(frozen=True, slots=True)
class ExplainAccess:
    """What can be asked about one credential. Nothing here writes, and no credential's text is kept or told."""

    credentials: CredentialStore
    store: ExplanationStore
    approvals: ApprovalBook
    book: RoleBook
    clock: Clock

    async def explain(
        self,
        acting: Acting,
        named: str,
        permission: str | None = None,
        *,
        address: str | None = None,
        resource: str | None = None,
    ) -> Explanation:
        """Explain an access token, an API key, or what a key's or a connection's identifier names.

        For every permission of the catalog, or for `permission` alone. `address` and `resource` are those of the call
        that is asked about, as the check is told them; without an address a key is taken to be used where it may be.
        Expired and revoked credentials are explained too. A text that no credential of this server can have is
        explained to anybody as what it is; one that is unknown, to operators.

        Raises:
            NotFoundError: there is no such thing, or it is not the acting one's to see.
            InvalidInputError: the catalog has no such permission.
        """
        entries = self._entries(permission)
        if named.startswith(CONNECTION):
            return await self._explain_connection(acting, ConnectionId(named), entries)
        if named.startswith(API_KEY):
            return await self._explain_key(acting, ApiKeyId(named), entries, address)
        parsed = read_bearer(named)
        if isinstance(parsed, Refused):
            return nothing_known(parsed)
        if parsed.kind is CredentialKind.ACCESS_TOKEN:
            return await self._explain_token(acting, TokenId(parsed.id), parsed.digest, entries, resource)
        key_id = ApiKeyId(API_KEY + parsed.id)
        key = await self.credentials.find_api_key(key_id)
        if key is None or not is_text_of_key(key, parsed.digest, self.clock.micros()):
            return _unknown(acting)
        return await self._explain_key(acting, key_id, entries, address)

    async def _explain_token(
        self, acting: Acting, token_id: TokenId, given: bytes, entries: Sequence[PermissionEntry], resource: str | None
    ) -> Explanation:
        token = await self.credentials.find_access_token(token_id)
        if token is None or not is_same_digest(token.digest, given):
            return _unknown(acting)
        seen = await self.store.find_connection(token.connection.id)
        if seen is None or not _may_see_connection(acting, token.holder):
            raise NotFoundError(_WHAT)
        ended_at = await self.store.sign_in_ended_at(token_id) if token.family_ended else None
        names = replace(seen.names, sign_in_ended_at=ended_at)
        return self._explainer.token(token, names, self.clock.now(), resource=resource, entries=entries)

    async def _explain_connection(
        self, acting: Acting, connection_id: ConnectionId, entries: Sequence[PermissionEntry]
    ) -> Explanation:
        seen = await self.store.find_connection(connection_id)
        if seen is None or not _may_see_connection(acting, seen.holder):
            raise NotFoundError(_WHAT)
        now = self.clock.now()
        return self._explainer.connection(seen.connection, seen.holder, seen.names, now, entries=entries)

    async def _explain_key(
        self, acting: Acting, key_id: ApiKeyId, entries: Sequence[PermissionEntry], address: str | None
    ) -> Explanation:
        seen = await self.store.find_key(key_id)
        if seen is None or not _may_see_key(acting, seen.key.holder):
            raise NotFoundError(_WHAT)
        return self._explainer.key(seen.key, seen.names, self.clock.now(), address=address, entries=entries)

    @property
    def _explainer(self) -> Explainer:
        return Explainer(self.approvals, self.book)

    def _entries(self, permission: str | None) -> tuple[PermissionEntry, ...]:
        catalog = self.book.catalog.permissions
        if permission is None:
            return tuple(catalog.values())
        if permission not in catalog:
            raise InvalidInputError(Fault("permission", "The catalog has no such permission."))
        return (catalog[permission],)


def _unknown(acting: Acting) -> Explanation:
    """Nobody but an operator learns from the answer whether a text belongs to somebody else."""
    if not acting.is_operator:
        raise NotFoundError(_WHAT)
    return nothing_known(UNKNOWN)


def _may_see_connection(acting: Acting, holder: Holder) -> bool:
    in_person = acting.user_id == holder.user_id and acting.actor.through is None
    return in_person or acting.may(_APP_MANAGE, holder.organisation_id)


def _may_see_key(acting: Acting, holder: Holder) -> bool:
    if acting.may(_KEY_MANAGE, holder.organisation_id):
        return True
    if acting.user_id != holder.user_id:
        return False
    return acting.actor.through is None or acting.may(_KEY_CREATE, holder.organisation_id)
