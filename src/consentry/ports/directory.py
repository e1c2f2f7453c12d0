"""Where it is said what a member holds: built in, in a view, or, when embedded, by an object of the product's.

Whichever it is, it is asked anew for every check; nothing that it said is used for the next one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from consentry.model.ids import OrganisationId, UserId
from consentry.model.organisation import Standing

Pair: TypeAlias = tuple[OrganisationId, UserId]

_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a member holds right now: roles of the catalog or, where given, `permissions` in their place.

    Raises ValueError for a name that no catalog can declare.
    """

    roles: Sequence[str] = ()
    permissions: frozenset[str] | None = None
    standing: Standing = Standing.ACTIVE

    def __post_init__(self) -> None:
        """Refuse what could be misread."""
        for name in (*self.roles, *(self.permissions or ())):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a role or a permission.")


class LiveDirectory(Protocol):
    """An object of the product's, asked what members hold."""

    async def find_holders(self, pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
        """Return what the members hold now; a pair that is left out is not, or no longer, a member.

        Called once for all checks that wait in one turn of the event loop. It must read the present truth: what it
        remembers from before would let in who was shut out. What it raises, and an answer that takes too long, refuses
        the calls (503).
        """
        ...


class DirectoryUnavailableError(Exception):
    """The product's directory raised, took too long, or answered something else than holdings; nobody is let in."""
