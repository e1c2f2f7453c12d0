"""What pages say of who answers for an app: everywhere the same, from the app as it stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.web.views.provenance import Provenance

if TYPE_CHECKING:
    from consentry.model.app import App
    from consentry.wiring import Deeds


async def provenance_of(deeds: Deeds, app: App) -> Provenance:
    """Return who answers for the app."""
    stranger = stranger_of(app)
    if stranger is not None:
        return stranger
    return Provenance(app.created_at, await deeds.people.organisation_name(app.organisation_id))


def stranger_of(app: App | None) -> Provenance | None:
    """Return what is said of an app that registered itself wherever it is named; None for any other, and for none."""
    if app is None or not app.registered_itself:
        return None
    return Provenance(app.created_at, vouched_by=app.vouched_by)
