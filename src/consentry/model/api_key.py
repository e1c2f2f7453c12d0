"""What may be done with API keys: the rules of making, narrowing and replacing them.

A key is made within what its maker holds, and from then on only ever shrinks: its permissions, its expiry and, when a
key acts, its networks. To give more, one makes another key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from consentry.model.allowed_network import FIELD as NETWORKS_FIELD
from consentry.model.allowed_network import is_within as is_within_networks
from consentry.model.catalog import Catalog
from consentry.model.credential import ApiKey
from consentry.model.faults import Fault
from consentry.model.ids import ID_LENGTH, OrganisationId, UserId
from consentry.model.secret import CredentialKind, Secret
from consentry.model.shown_name import find_name_fault

KeyStatus: TypeAlias = Literal["active", "expired", "revoked"]

LIFETIME_MOST = timedelta(days=100 * 365)
OVERLAP_MOST = timedelta(days=7)
_PREFIX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class ApiKeyPolicy:
    """What the operator allows: the expiry that is proposed, and whether a key may be made without one."""

    default_lifetime: timedelta = timedelta(days=365)
    may_never_expire: bool = True


@dataclass(frozen=True, slots=True)
class ApiKeyDetails:
    """A key with the names that a list shows. `revoked_by_name` is None unless a user revoked it."""

    key: ApiKey
    organisation_name: str
    user_email: str
    user_name: str
    revoked_by_name: str | None


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A new key as entered; `networks` are lines with one address or CIDR block each, `expires_at` None is never."""

    name: str
    permissions: tuple[str, ...]
    expires_at: datetime | None
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyEdit:
    """What an edit sets; None leaves a field as it is."""

    name: str | None = None
    permissions: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """For whom an operator makes a key."""

    organisation_id: OrganisationId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key with its text, which is readable here once. The text before it works until `previous_expires_at`."""

    details: ApiKeyDetails
    text: Secret
    previous_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What bounds a key: it can be wider than another in any of the three."""

    permissions: frozenset[str]
    expires_at: datetime | None
    networks: tuple[str, ...]

    def find_faults_beyond(self, outer: "KeyLimits") -> tuple[Fault, ...]:
        """Say where these limits go beyond those of the key that acts, `outer`; empty where nothing is wider."""
        faults = []
        beyond = sorted(self.permissions - outer.permissions)
        if beyond:
            faults.append(Fault("permissions", f"The key that asks does not itself have {', '.join(beyond)}."))
        if not _ends_no_later(self.expires_at, outer.expires_at):
            faults.append(Fault("expires_at", "A key cannot make or keep up one that outlives it."))
        if not is_within_networks(self.networks, outer.networks):
            faults.append(Fault(NETWORKS_FIELD, "A key cannot open networks that it may not be used from itself."))
        return tuple(faults)


def limits_of(key: ApiKey) -> KeyLimits:
    """Return what bounds `key`."""
    return KeyLimits(key.permissions, key.expires_at, key.allowed_networks)


def key_status(key: ApiKey, now: datetime) -> KeyStatus:
    """Return the one word for a key's life."""
    if key.revoked_at is not None:
        return "revoked"
    return "active" if key.is_live(now) else "expired"


def shown_prefix(key: ApiKey) -> str:
    """Return the first characters of the key's text: enough to know it by, nothing of its secret."""
    return CredentialKind.API_KEY + key.id[-ID_LENGTH:][:_PREFIX_DIGITS]


def find_permission_faults(permissions: Sequence[str], held: frozenset[str], catalog: Catalog) -> tuple[Fault, ...]:
    """Return what is wrong with the permissions of a new key, given those that its maker holds now."""
    if not permissions:
        return (Fault("permissions", "Choose at least one permission."),)
    faults = []
    for name in sorted(set(permissions)):
        entry = catalog.permissions.get(name)
        if entry is None:
            faults.append(Fault("permissions", f"There is no permission {_short(name)}."))
        elif name not in held:
            sentence = f"{name} ({entry.title}) is not yours to give: a key can do no more than its owner."
            faults.append(Fault("permissions", sentence))
    return tuple(faults)


def find_narrowing_faults(permissions: Sequence[str], key: ApiKey) -> tuple[Fault, ...]:
    """Return what is wrong with the permissions that an edit leaves to `key`: they may only become fewer."""
    if not permissions:
        return (Fault("permissions", "Leave at least one permission, or revoke the key."),)
    return tuple(
        Fault("permissions", f"The key does not have {_short(name)}, and an edit cannot add it. Create another key.")
        for name in sorted(set(permissions) - key.permissions)
    )


def find_expiry_fault(expires_at: datetime | None, *, now: datetime, policy: ApiKeyPolicy) -> Fault | None:
    """Return what is wrong with a new key's expiry, or None."""
    if expires_at is None:
        return None if policy.may_never_expire else Fault("expires_at", "Keys must expire here. Choose a date.")
    if expires_at <= now:
        return Fault("expires_at", "The expiry is in the past. Choose a later date.")
    if expires_at > now + LIFETIME_MOST:
        return Fault("expires_at", "The expiry is more than 100 years away. Choose an earlier date, or never.")
    if not policy.may_never_expire and expires_at > now + policy.default_lifetime:
        days = policy.default_lifetime.days
        return Fault("expires_at", f"Keys may last {days} days at most here. Choose an earlier date.")
    return None


def find_key_name_fault(name: str) -> Fault | None:
    """Return what is wrong with a key's name, or None; it follows the rule of every name that people read."""
    sentence = find_name_fault(name)
    return None if sentence is None else Fault("name", sentence)


def find_overlap_fault(overlap: timedelta) -> Fault | None:
    """Return what is wrong with the time for which a replaced secret goes on, or None."""
    if timedelta() <= overlap <= OVERLAP_MOST:
        return None
    return Fault("overlap", f"The old key may go on for at most {OVERLAP_MOST.days} days.")


def _ends_no_later(inner: datetime | None, outer: datetime | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:80]}…"  # noqa: PLR2004 - what fits a sentence
