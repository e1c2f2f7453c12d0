"""What a member holds right now, computed from the live rows of one read.

The computation is memoised by the content of those rows, never by who the member is: a changed role is a different
content, and so a different answer, on the next read.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from consentry.model.catalog import Catalog
from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Organisation, RoleGrant, Standing
from consentry.model.permission import parse_permissions

_MEMO_MOST = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """The user behind a credential, in its organisation, as the rows say now.

    `member_standing` is None when the user is no longer a member. `roles` is the content of the member's roles, as
    `parse_role_grants` reads it.
    """

    organisation_id: OrganisationId
    organisation_standing: Standing
    user_id: UserId
    user_standing: Standing
    member_standing: Standing | None
    roles: str
    custom_permissions: str | None

    @property
    def is_active(self) -> bool:
        """Tell whether organisation, user and member may all act now."""
        return (
            self.organisation_standing is Standing.ACTIVE
            and self.user_standing is Standing.ACTIVE
            and self.member_standing is Standing.ACTIVE
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """One of a user's organisations, with what the rows say of the user there."""

    organisation: Organisation
    holder: Holder


def parse_role_grants(text: str) -> tuple[RoleGrant, ...]:
    """Read `name;name=permission permission` into role grants, sorted by name."""
    grants = []
    for entry in filter(None, text.split(";")):
        name, defined, permissions = entry.partition("=")
        grants.append(RoleGrant(name, permissions if defined else None))
    return tuple(sorted(grants, key=lambda grant: grant.name))


def render_role_grants(grants: Iterable[RoleGrant]) -> str:
    """Return the text that `parse_role_grants` reads."""
    return ";".join(
        grant.name if grant.permissions is None else f"{grant.name}={grant.permissions}"
        for grant in sorted(grants, key=lambda grant: grant.name)
    )


class RoleBook:
    """Turns the content of a member's roles into permissions, under one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._memo: dict[tuple[str, str | None], frozenset[str]] = {}

    def permissions_of(self, roles: str, custom_permissions: str | None) -> frozenset[str]:
        """Return the permissions of these roles; a role that neither catalog nor organisation defines has none."""
        key = (roles, custom_permissions)
        found = self._memo.get(key)
        if found is None:
            found = self._compute(roles, custom_permissions)
            if len(self._memo) >= _MEMO_MOST:
                self._memo.clear()
            self._memo[key] = found
        return found

    def held_by(self, holder: Holder) -> frozenset[str]:
        """Return what the holder may do now: nothing unless organisation, user and member are all active."""
        if not holder.is_active:
            return frozenset()
        return self.permissions_of(holder.roles, holder.custom_permissions)

    def role_titles(self, roles: str, custom_permissions: str | None) -> tuple[str, ...]:
        """Return the titles of the roles, or `Custom` for a member whose permissions were tuned."""
        if custom_permissions is not None:
            return ("Custom",)
        titles = []
        for grant in parse_role_grants(roles):
            entry = self.catalog.roles.get(grant.name)
            titles.append(entry.title if entry is not None else grant.name)
        return tuple(titles)

    def _compute(self, roles: str, custom_permissions: str | None) -> frozenset[str]:
        if custom_permissions is not None:
            return self.catalog.without_unknown(parse_permissions(custom_permissions))
        held: frozenset[str] = frozenset()
        for grant in parse_role_grants(roles):
            if grant.permissions is not None:
                held |= self.catalog.without_unknown(parse_permissions(grant.permissions))
            else:
                held |= self.catalog.role_permissions(grant.name) or frozenset()
        return held
