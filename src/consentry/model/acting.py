"""Who acts, and what they may do right now: the one home of every administrative permission check."""

from dataclasses import dataclass

from consentry.model.event import Actor
from consentry.model.faults import OPERATOR, NotFoundError, PermissionMissingError
from consentry.model.ids import OrganisationId, UserId


@dataclass(frozen=True, slots=True)
class Acting:
    """The one who acts: a user in one organisation with the permissions held now, or an operator.

    `organisation_id` is None for an operator, who may do everything everywhere. `permissions` is read anew for every
    request; through an API key or an app it is already narrowed by them.
    """

    actor: Actor
    organisation_id: OrganisationId | None
    user_id: UserId | None
    permissions: frozenset[str]

    @property
    def is_operator(self) -> bool:
        """Tell whether an operator acts."""
        return self.organisation_id is None

    def may(self, permission: str, organisation_id: OrganisationId) -> bool:
        """Tell whether `permission` is held in that organisation now."""
        return self.is_operator or (self.organisation_id == organisation_id and permission in self.permissions)

    def require(self, permission: str, organisation_id: OrganisationId, *, what: str) -> None:
        """Return if `permission` is held in that organisation.

        Raises NotFoundError (of `what`) for a thing of another organisation, before any permission is looked at, so
        that nobody learns what exists elsewhere; PermissionMissingError for one's own.
        """
        if self.is_operator:
            return
        if self.organisation_id != organisation_id:
            raise NotFoundError(what)
        if permission not in self.permissions:
            raise PermissionMissingError(permission)

    def require_operator(self) -> None:
        """Return if an operator acts; raises PermissionMissingError otherwise."""
        if not self.is_operator:
            raise PermissionMissingError(OPERATOR)


def operator(operator_id: str | None, *, through: str | None = None) -> Acting:
    """Return the acting record of an operator (`operator_id`), or of whoever runs the command line (None)."""
    return Acting(Actor(operator_id=operator_id, through=through), None, None, frozenset())


NOWHERE = OrganisationId("")
"""Where a user acts who is a member of no organisation: nothing belongs to it, and nothing is permitted in it."""


def member(
    user_id: UserId, organisation_id: OrganisationId | None, permissions: frozenset[str], *, through: str | None = None
) -> Acting:
    """Return the acting record of a user in an organisation, or in none; never that of an operator."""
    where = NOWHERE if organisation_id is None else organisation_id
    return Acting(Actor(user_id=user_id, through=through), where, user_id, permissions)
