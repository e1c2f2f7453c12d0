"""The entries of a catalog: one permission, one scope, one built-in role."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from consentry.model.permission import PermissionSet

ScopeAccess: TypeAlias = Literal["identity", "view", "change"]


class CatalogError(ValueError):
    """A catalog cannot be used. The message names the key, says what is wrong and what to write instead."""


@dataclass(frozen=True, slots=True)
class PermissionEntry:
    """A permission and the plain words for it, written to complete "may …": `Send invoices`.

    A `sensitive` permission can be held by members and API keys but is never reached through a scope.
    """

    name: str
    title: str
    sensitive: bool = False

    @property
    def resource(self) -> str:
        """The part before the dot: `invoice` of `invoice.send`."""
        return self.name.partition(".")[0]

    @property
    def action(self) -> str:
        """The part after the dot: `send` of `invoice.send`."""
        return self.name.partition(".")[2]


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """A scope, the words that the consent screen shows for it, and everything that it stands for.

    One of the product's is named `resource:action`; one without a colon is of OpenID Connect, and about the person.
    `permissions` and `entries` hold the same permissions, those of the implied scopes included; `entries`
    keeps the catalog's order, for pages. `implies` names what the catalog wrote, not the scopes behind those.
    """

    name: str
    title: str
    permissions: PermissionSet
    implies: tuple[str, ...]
    entries: tuple[PermissionEntry, ...]

    @property
    def is_identity(self) -> bool:
        """Whether it is one of OpenID Connect, which stands for no permission."""
        return ":" not in self.name

    @property
    def resource(self) -> str:
        """The part before the colon: `invoicing` of `invoicing:read`; `identity` for one of OpenID Connect."""
        return "identity" if self.is_identity else self.name.partition(":")[0]

    @property
    def action(self) -> str:
        """`read` (the consent screen's "view") or `write` ("change"); one of OpenID Connect changes nothing."""
        return self.name.partition(":")[2] or "read"

    @property
    def access(self) -> ScopeAccess:
        """Under which heading people are shown it."""
        if self.is_identity:
            return "identity"
        return "view" if self.action == "read" else "change"


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """A built-in role that an organisation's members may hold."""

    name: str
    title: str
    permissions: PermissionSet


CONSENTRY_PERMISSIONS: tuple[PermissionEntry, ...] = (
    PermissionEntry("oauth_app.install", "Connect apps"),
    PermissionEntry("oauth_app.manage", "Register apps, see and end every connection", sensitive=True),
    # Sensitive because a key made through a connection would outlive that connection and exceed its scopes.
    PermissionEntry("api_key.create", "Create API keys", sensitive=True),
    PermissionEntry("api_key.manage", "See and revoke every API key", sensitive=True),
    PermissionEntry("member.manage", "Manage members and their roles", sensitive=True),
    PermissionEntry("audit.read", "See the audit log"),
)
"""Consentry's own permissions: in every catalog, whether or not its file declares them."""
