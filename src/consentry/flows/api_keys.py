"""API keys: make, list, narrow, rotate, revoke.

Only the owner makes and narrows; whoever holds `api_key.manage` sees and revokes every key of the organisation. A key
that acts through the management API gives nothing that it does not have: no permission, no longer life, no wider
network, and no new secret for a key that is wider than itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consentry.model.acting import Acting
from consentry.model.allowed_network import read_networks
from consentry.model.api_key import (
    ApiKeyDetails,
    ApiKeyPolicy,
    KeyDraft,
    KeyEdit,
    KeyLimits,
    KeyOwner,
    ShownKey,
    find_expiry_fault,
    find_key_name_fault,
    find_narrowing_faults,
    find_overlap_fault,
    find_permission_faults,
    limits_of,
)
from consentry.model.credential import ApiKey
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError, PermissionMissingError
from consentry.model.ids import API_KEY, EVENT, ApiKeyId, EventId, OrganisationId, UserId
from consentry.model.membership import RoleBook
from consentry.model.permission import render_permissions
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.model.shown_name import clean_name
from consentry.ports.api_keys import ApiKeyStore
from consentry.ports.people import Directory
from consentry.ports.world import Clock, SecretSource

CREATE, MANAGE = "api_key.create", "api_key.manage"
_WHAT = "API key"
_HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """What people, operators and keys themselves may do with API keys."""

    keys: ApiKeyStore
    directory: Directory
    roles: RoleBook
    clock: Clock
    secrets: SecretSource
    policy: ApiKeyPolicy

    def default_expiry(self) -> datetime:
        """Return the expiry that a new key gets where nothing else is said."""
        return self.clock.now() + self.policy.default_lifetime

    async def create(self, acting: Acting, draft: KeyDraft, owner: KeyOwner | None = None) -> ShownKey:
        """Make a key for the one who acts, or, by an operator, for `owner`.

        Raises:
            PermissionMissingError: no `api_key.create`.
            NotFoundError: `owner` is no member, or is somebody else.
            InvalidInputError: with every fault of the draft; nothing was written.
        """
        owner, held = await self._owner(acting, owner)
        now = self.clock.now()
        name = clean_name(draft.name)
        networks, network_faults = read_networks(draft.networks)
        faults = [
            find_key_name_fault(name),
            *find_permission_faults(draft.permissions, held, self.roles.catalog),
            find_expiry_fault(draft.expires_at, now=now, policy=self.policy),
            *network_faults,
        ]
        _raise_if_any(*faults)
        limits = KeyLimits(frozenset(draft.permissions), draft.expires_at, networks)
        await self._require_within_acting_key(acting, limits)
        key_id = ApiKeyId(self.secrets.new_id(API_KEY))
        secret, text = self._new_secret(key_id)
        key = ApiKey(
            id=key_id,
            organisation_id=owner.organisation_id,
            user_id=owner.user_id,
            name=name,
            permissions=limits.permissions,
            digest=digest(secret),
            hint=text.reveal()[-_HINT_LENGTH:],
            previous_digest=None,
            previous_expires_at=None,
            allowed_networks=networks,
            created_at=now,
            updated_at=now,
            expires_at=draft.expires_at,
            last_used_at=None,
            last_used_from=None,
            revoked_at=None,
            revoked_by=None,
        )
        event = self._event(
            acting,
            EventKind.API_KEY_CREATED,
            key,
            permissions=render_permissions(key.permissions),
            expires="never" if key.expires_at is None else key.expires_at.isoformat(),
            networks=" ".join(networks),
        )
        await self.keys.create(key, event)
        return ShownKey(await self._reread(key_id), text)

    async def list_own(
        self, acting: Acting, organisation_id: OrganisationId | None = None, *, after: ApiKeyId | None, limit: int
    ) -> tuple[ApiKeyDetails, ...]:
        """Return the acting user's own keys in the organisation (None: in every one), newest first.

        A credential sees those of its own organisation, and only with `api_key.create` (PermissionMissingError).
        """
        if acting.user_id is None:
            return ()
        if acting.actor.through is not None and acting.organisation_id is not None:
            organisation_id = acting.organisation_id
            acting.require(CREATE, organisation_id, what=_WHAT)
        return await self.keys.page(organisation_id, acting.user_id, after=after, limit=limit)

    async def held_by_owner(self, key: ApiKey) -> frozenset[str]:
        """Return what the key's owner may do now: the other side of the intersection."""
        holder = await self.directory.find_holder(key.organisation_id, key.user_id)
        return frozenset() if holder is None else self.roles.held_by(holder)

    def may_edit(self, acting: Acting, key: ApiKey) -> bool:
        """Tell whether `edit` and `rotate` are open to the one who acts, as far as permissions go."""
        return (
            acting.user_id == key.user_id and acting.may(CREATE, key.organisation_id) and key.is_live(self.clock.now())
        )

    async def list_all(
        self,
        acting: Acting,
        organisation_id: OrganisationId | None,
        user_id: UserId | None = None,
        *,
        after: ApiKeyId | None,
        limit: int,
    ) -> tuple[ApiKeyDetails, ...]:
        """Return the organisation's keys (None: every organisation's, for operators), newest first.

        Raises PermissionMissingError without `api_key.manage`, NotFoundError for another organisation.
        """
        if organisation_id is None:
            acting.require_operator()
        else:
            acting.require(MANAGE, organisation_id, what="organisation")
        return await self.keys.page(organisation_id, user_id, after=after, limit=limit)

    async def list_visible(
        self,
        acting: Acting,
        organisation_id: OrganisationId | None,
        user_id: UserId | None,
        *,
        after: ApiKeyId | None,
        limit: int,
    ) -> tuple[ApiKeyDetails, ...]:
        """Return what a program may see: every key to operators and to `api_key.manage`, one's own to everybody else.

        Raises PermissionMissingError with neither permission, NotFoundError for another organisation or user.
        """
        here = acting.organisation_id
        if here is None or acting.may(MANAGE, here):
            return await self.list_all(acting, organisation_id or here, user_id, after=after, limit=limit)
        acting.require(CREATE, organisation_id or here, what="organisation")
        if user_id not in {None, acting.user_id}:
            raise NotFoundError("user")
        return await self.list_own(acting, here, after=after, limit=limit)

    async def get(self, acting: Acting, key_id: ApiKeyId) -> ApiKeyDetails:
        """Return one's own key, or any of the organisation's with `api_key.manage`. Raises NotFoundError."""
        details = await self.keys.find(key_id)
        if details is None or not _may_see(acting, details.key):
            raise NotFoundError(_WHAT)
        return details

    async def edit(self, acting: Acting, key_id: ApiKeyId, edit: KeyEdit) -> ApiKeyDetails:
        """Change the name and networks of one's own key, and take permissions from it; the key's text stays.

        Raises:
            NotFoundError, PermissionMissingError: the key is not the acting user's, or they lack `api_key.create`.
            InvalidInputError: with every fault, also for a permission that the key does not have.
            ConflictError: the key is revoked or expired, or was changed by somebody else meanwhile.
        """
        before = await self._get_live_own(acting, key_id)
        name = before.name if edit.name is None else clean_name(edit.name)
        permissions = tuple(before.permissions) if edit.permissions is None else edit.permissions
        networks, network_faults = read_networks(before.allowed_networks if edit.networks is None else edit.networks)
        _raise_if_any(find_key_name_fault(name), *find_narrowing_faults(permissions, before), *network_faults)
        after = replace(before, name=name, permissions=frozenset(permissions), allowed_networks=networks)
        if after == before:
            return await self._reread(key_id)
        await self._require_within_acting_key(acting, limits_of(after))
        event = self._event(
            acting,
            EventKind.API_KEY_CHANGED,
            after,
            permissions=render_permissions(after.permissions),
            removed=render_permissions(before.permissions - after.permissions),
            networks=" ".join(networks),
        )
        if not await self.keys.edit(before, after, event):
            raise ConflictError("The key was changed or revoked in the meantime. Look at it again before you edit it.")
        return await self._reread(key_id)

    async def rotate(self, acting: Acting, key_id: ApiKeyId, overlap: timedelta) -> ShownKey:
        """Give one's own key a new text, with all its limits; the text before goes on for `overlap` (0 to 7 days).

        Raises what `edit` raises. Of two rotations at once, one wins and the other gets ConflictError.
        """
        key = await self._get_live_own(acting, key_id)
        _raise_if_any(find_overlap_fault(overlap))
        now = self.clock.now()
        until = _overlap_end(key, now, overlap)
        secret, text = self._new_secret(key_id)
        event = self._event(
            acting, EventKind.API_KEY_ROTATED, key, previous_until=(until or now).isoformat(timespec="seconds")
        )
        won = await self.keys.rotate(
            key, digest(secret), text.reveal()[-_HINT_LENGTH:], previous_expires_at=until, event=event
        )
        if not won:
            raise ConflictError(
                "The key was rotated or revoked in the meantime. Look at it again before you rotate it."
            )
        return ShownKey(await self._reread(key_id), text, until)

    async def revoke(self, acting: Acting, key_id: ApiKeyId) -> ApiKeyDetails:
        """End a key and every text of it, before this returns. Idempotent; the key stays in the list.

        One's own, always; through a credential with `api_key.create`; any of the organisation's with `api_key.manage`.

        Raises NotFoundError, PermissionMissingError.
        """
        details = await self.get(acting, key_id)
        key = details.key
        if acting.actor.through is not None and not acting.may(MANAGE, key.organisation_id):
            acting.require(CREATE, key.organisation_id, what=_WHAT)
        if key.revoked_at is not None:
            return details
        event = self._event(acting, EventKind.API_KEY_REVOKED, key)
        await self.keys.revoke(key_id, acting.user_id, event)
        return await self._reread(key_id)

    async def _owner(self, acting: Acting, owner: KeyOwner | None) -> tuple[KeyOwner, frozenset[str]]:
        """Return for whom the key is made, and what they hold now."""
        if not acting.is_operator:
            if acting.user_id is None or acting.organisation_id is None:
                raise PermissionMissingError(CREATE)
            own = KeyOwner(acting.organisation_id, acting.user_id)
            if owner not in {None, own}:
                raise NotFoundError("member")
            acting.require(CREATE, own.organisation_id, what=_WHAT)
            return own, acting.permissions
        if owner is None:
            raise NotFoundError("member")
        holder = await self.directory.find_holder(owner.organisation_id, owner.user_id)
        if holder is None or holder.member_standing is None:
            raise NotFoundError("member")
        return owner, self.roles.held_by(holder)

    async def _get_live_own(self, acting: Acting, key_id: ApiKeyId) -> ApiKey:
        key = (await self.get(acting, key_id)).key
        if not acting.is_operator:
            if key.user_id != acting.user_id:
                raise ConflictError("Only its owner can edit or rotate a key. You can revoke it.")
            acting.require(CREATE, key.organisation_id, what=_WHAT)
        if key.revoked_at is not None:
            raise ConflictError("The key is revoked, for good. Create another one.")
        if not key.is_live(self.clock.now()):
            raise ConflictError("The key has expired. Create another one.")
        await self._require_within_acting_key(acting, limits_of(key))
        return key

    async def _require_within_acting_key(self, acting: Acting, limits: KeyLimits) -> None:
        """Raise InvalidInputError if a key acts and the limits go beyond its own; then rotating would widen it too."""
        through = acting.actor.through
        if acting.is_operator or through is None or not through.startswith(API_KEY):
            return
        acting_key = (await self._reread(ApiKeyId(through))).key
        _raise_if_any(*limits.find_faults_beyond(limits_of(acting_key)))

    async def _reread(self, key_id: ApiKeyId) -> ApiKeyDetails:
        details = await self.keys.find(key_id)
        if details is None:
            raise NotFoundError(_WHAT)
        return details

    def _new_secret(self, key_id: ApiKeyId) -> tuple[Secret, Secret]:
        secret = self.secrets.new_secret()
        return secret, format_credential(CredentialKind.API_KEY, key_id, secret)

    def _event(self, acting: Acting, kind: EventKind, key: ApiKey, **details: str) -> Event:
        return Event(
            EventId(self.secrets.new_id(EVENT)),
            self.clock.now(),
            kind,
            key.organisation_id,
            acting.actor,
            key.id,
            {"name": key.name, **details},
        )


def _raise_if_any(*faults: Fault | None) -> None:
    found = [fault for fault in faults if fault is not None]
    if found:
        raise InvalidInputError(*found)


def _may_see(acting: Acting, key: ApiKey) -> bool:
    if acting.may(MANAGE, key.organisation_id):
        return True
    if acting.user_id != key.user_id:
        return False
    return acting.actor.through is None or acting.may(CREATE, key.organisation_id)


def _overlap_end(key: ApiKey, now: datetime, overlap: timedelta) -> datetime | None:
    if not overlap:
        return None
    until = now + overlap
    return until if key.expires_at is None else min(until, key.expires_at)
