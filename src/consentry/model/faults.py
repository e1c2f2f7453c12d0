"""Why a deed was not done. Few and named; each says what happened and what to do next, and holds no secret."""

from dataclasses import dataclass

OPERATOR = "operator"
"""What stands in place of a permission where only an operator may act."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was entered: the field's name and a sentence for the person who filled it."""

    field: str
    sentence: str


class DeedError(Exception):
    """A deed was refused; nothing was written."""


class NotFoundError(DeedError):
    """There is no such thing, or it belongs to somebody else: the two are not told apart."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}, or it is not yours to see.")
        self.what = what


class PermissionMissingError(DeedError):
    """The one who acts lacks a permission."""

    def __init__(self, permission: str) -> None:
        remedy = (
            "Only an operator can do it."
            if permission == OPERATOR
            else "An administrator of the organisation can give it."
        )
        super().__init__(f"This needs the permission {permission}. {remedy}")
        self.permission = permission


class InvalidInputError(DeedError):
    """Something entered cannot be used; `faults` says what, field by field."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(" ".join(fault.sentence for fault in faults))
        self.faults = faults


class ConflictError(DeedError):
    """What was asked contradicts what is there now (a name in use, a status already reached)."""
