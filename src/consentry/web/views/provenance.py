"""Who answers for an app that a page names. Macros `provenance`, `unchecked` of the template `provenance.html`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who registered an app, and when. None for `registered_by`: nobody did, the app registered itself.

    `vouched_by` is then the host of the document that describes it, if it has one.
    """

    registered_at: datetime
    registered_by: str | None = None
    vouched_by: str | None = None
    verified: bool = False

    @property
    def registered_itself(self) -> bool:
        """Whether no person registered the app."""
        return self.registered_by is None
