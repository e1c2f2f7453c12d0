"""An authorization request that its client sent ahead, and from when to when its reference is good. RFC 9126."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.ids import AppId, PushedRequestId
from consentry.model.micros import from_micros, to_micros

ANSWER_TIME = timedelta(minutes=30)
"""How long a user may take to sign in, once the browser came with a reference that was good."""


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A validated request, kept under the digest of its reference.

    `query` is as a browser would have sent it, without the `?`. `dpop_jkt` is the thumbprint of the key to which the
    client bound it by a proof (RFC 9449 §10.1). It is used once: by the first answer, approval or refusal, that goes
    back to the client.
    """

    id: PushedRequestId
    digest: bytes
    app_id: AppId
    query: str
    dpop_jkt: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    def is_good(self, now: datetime, came_at: datetime | None) -> bool:
        """Tell whether a browser may bring the reference now. *Source:* RFC 9126 §4.

        `came_at` is when this browser first brought it, in good time, before it was sent to sign in.
        """
        if self.used_at is not None:
            return False
        return now < self.expires_at or (
            came_at is not None and came_at < self.expires_at and now < came_at + ANSWER_TIME
        )


def came_text(request_id: PushedRequestId, at: datetime) -> str:
    """Return what is signed of a browser's coming with this request."""
    return f"{request_id}.{to_micros(at)}"


def read_came(text: str) -> tuple[PushedRequestId, datetime] | None:
    """Read what `came_text` wrote, or None for anything else."""
    request_id, _, micros = text.partition(".")
    if not (micros.isascii() and micros.isdecimal() and len(micros) <= len("9007199254740991")):
        return None
    return PushedRequestId(request_id), from_micros(int(micros))
