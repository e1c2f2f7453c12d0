"""Moments as they are stored: whole microseconds since the epoch."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


def to_micros(moment: datetime) -> int:
    """Return microseconds since the epoch, as every `*_at` column holds them."""
    return (moment - _EPOCH) // MICROSECOND


def to_micros_or_none(moment: datetime | None) -> int | None:
    """Return microseconds since the epoch, or None."""
    return None if moment is None else to_micros(moment)


def from_micros(value: int) -> datetime:
    """Return the aware UTC datetime of a `*_at` column."""
    return _EPOCH + timedelta(microseconds=value)


def from_micros_or_none(value: int | None) -> datetime | None:
    """Return the aware UTC datetime of a `*_at` column that may be empty."""
    return None if value is None else from_micros(value)
