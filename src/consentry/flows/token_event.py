"""Audit events about the tokens of a connection: by its user, through its app."""

from datetime import datetime

from consentry.model.event import Actor, Event, EventKind
from consentry.model.ids import EventId
from consentry.model.live import LiveToken
from consentry.model.live_grant import LiveCode, LiveFamily
from consentry.ports.world import SecretSource


def token_event(
    kind: EventKind, live: LiveCode | LiveFamily | LiveToken, secrets: SecretSource, now: datetime
) -> Event:
    """Return the event that `kind` happened to the connection under which `live` was issued."""
    return Event(
        EventId(secrets.new_id("evt_")),
        now,
        kind,
        live.organisation_id,
        Actor(user_id=live.user_id, through=live.app_id),
        live.connection_id,
    )
