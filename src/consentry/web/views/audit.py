"""The audit list. Template `audit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event: when, who ("Ana through App X"), what in plain words, on what.

    `name` is the event's stable name.
    """

    at: datetime
    actor: str
    what: str
    subject: str
    name: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`audit`, at `/settings/audit`, newest first. `older_href` leads on, `newest_href` back."""

    events: tuple[AuditRow, ...]
    older_href: str | None = None
    newest_href: str | None = None
