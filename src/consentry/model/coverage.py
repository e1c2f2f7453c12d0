"""How much of a scope a member holds, and the sentence that says why something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from consentry.model.catalog_entry import PermissionEntry, ScopeEntry
from consentry.model.permission import PermissionSet

CUSTOM_ROLE_TITLE = "Custom"
"""How the role of a member is shown whose permissions were tuned."""

_NAMED_IN_A_SENTENCE = 3
_GERUNDS = {
    "add": "adding",
    "adjust": "adjusting",
    "approve": "approving",
    "archive": "archiving",
    "assign": "assigning",
    "cancel": "cancelling",
    "change": "changing",
    "close": "closing",
    "connect": "connecting",
    "create": "creating",
    "delete": "deleting",
    "download": "downloading",
    "edit": "editing",
    "end": "ending",
    "export": "exporting",
    "import": "importing",
    "invite": "inviting",
    "issue": "issuing",
    "manage": "managing",
    "pay": "paying",
    "post": "posting",
    "read": "reading",
    "receive": "receiving",
    "reconcile": "reconciling",
    "record": "recording",
    "refund": "refunding",
    "register": "registering",
    "remove": "removing",
    "revoke": "revoking",
    "see": "seeing",
    "send": "sending",
    "set": "setting",
    "submit": "submitting",
    "update": "updating",
    "use": "using",
    "view": "viewing",
    "void": "voiding",
    "write": "writing",
}


class Holding(Enum):
    """How much of a scope's permissions a member holds."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a member's permissions cover a scope, and what is missing, in the catalog's order."""

    scope: ScopeEntry
    holding: Holding
    missing: tuple[PermissionEntry, ...]


def coverage(scope: ScopeEntry, held: PermissionSet) -> Coverage:
    """Compare the permissions that `scope` stands for with those that a member holds now."""
    missing = tuple(entry for entry in scope.entries if entry.name not in held)
    if not missing:
        return Coverage(scope, Holding.FULL, missing)
    holding = Holding.NONE if len(missing) == len(scope.entries) else Holding.PARTIAL
    return Coverage(scope, holding, missing)


def missing_reason(missing: Sequence[PermissionEntry], role_titles: Sequence[str]) -> str:
    """Say to a member, in one sentence, why they lack `missing` and who can change it.

    `role_titles` are the titles of the member's roles, or `(CUSTOM_ROLE_TITLE,)` where their permissions were
    tuned. "Your role Bookkeeper does not include sending invoices; an administrator can change that."
    Empty where nothing is missing.
    """
    if not missing:
        return ""
    match len(role_titles):
        case 0:
            lack = "You hold no role that includes"
        case 1:
            lack = f"Your {_roles(role_titles)} does not include"
        case _:
            lack = f"Your {_roles(role_titles)} do not include"
    return f"{lack} {_things(missing)}; an administrator can change that."


def not_in_roles(role_titles: Sequence[str]) -> str:
    """Say the same in the few words that a grid of many permissions has room for: "Not in your role Bookkeeper."."""
    return f"Not in your {_roles(role_titles)}." if role_titles else "You hold no role."


def gerund(title: str) -> str:
    """Turn a title into what a sentence can name: `Send invoices` → `sending invoices`.

    A title that starts with a word unknown here (another language, say) is quoted, which reads well too.
    """
    words = title.split()
    if not words or words[0].lower().rstrip(",") not in _GERUNDS:
        return f"“{title}”"
    turned: list[str] = []
    in_verbs = True
    for word in words:
        bare = word.lower().rstrip(",")
        in_verbs = in_verbs and (bare in _GERUNDS or bare in {"and", "or"})
        if in_verbs and bare in _GERUNDS:
            turned.append(_GERUNDS[bare] + ("," if word.endswith(",") else ""))
        else:
            turned.append(word)
    return " ".join(turned)


def _roles(titles: Sequence[str]) -> str:
    *first, last = titles
    return f"roles {', '.join(first)} and {last}" if first else f"role {last}"


def _things(missing: Sequence[PermissionEntry]) -> str:
    names = [gerund(entry.title) for entry in missing]
    if len(names) > _NAMED_IN_A_SENTENCE:
        others = len(names) - _NAMED_IN_A_SENTENCE + 1
        names = [*names[: _NAMED_IN_A_SENTENCE - 1], f"{others} other things"]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} or {names[-1]}"
