"""Removing expired rows: a look along the primary key in a read, then one delete over the stretch that was seen."""

from dataclasses import dataclass
from datetime import datetime

from consentry.ports.housekeeping import Batch, Leftover
from consentry.storage.app_deletion import end_all_connections
from consentry.storage.database import Database, Operation, Statement, to_micros


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a kind of row is, its key, and what makes a row expired at `{moment}`."""

    table: str
    key: str
    expired: str


_ENDS = "expires_at <= {moment}"
_PLACES = {
    Leftover.ACCESS_TOKEN: _Place("access_tokens", "id", _ENDS),
    Leftover.AUTHORIZATION_CODE: _Place("authorization_codes", "id", _ENDS),
    Leftover.DEVICE_CODE: _Place("device_codes", "id", _ENDS),
    Leftover.PENDING_AUTHORIZATION: _Place("pending_authorizations", "id", _ENDS),
    Leftover.PUSHED_REQUEST: _Place("pushed_requests", "id", _ENDS),
    Leftover.SESSION: _Place("sessions", "id", "(expires_at <= {moment} OR ended_at <= {moment})"),
    Leftover.SESSION_APP: _Place(
        "session_apps",
        "session_id",
        "(created_at <= {moment} AND (SELECT s.id FROM sessions s WHERE s.id = session_apps.session_id) IS NULL)",
    ),
    Leftover.LOGOUT_DELIVERY: _Place("logout_deliveries", "id", "done_at <= {moment}"),
    Leftover.TOKEN_FAMILY: _Place(
        "token_families",
        "id",
        "(expires_at <= {moment} OR idle_expires_at <= {moment} OR ended_at <= {moment})",
    ),
    Leftover.THROTTLE: _Place("throttles", "key", "(last_at <= {moment} AND blocked_until <= {moment})"),
    Leftover.USED_PROOF: _Place("used_proofs", "id", _ENDS),
    Leftover.FETCHED_DOCUMENT: _Place("fetched_documents", "url", _ENDS),
    # Registered by itself, or known by its document, and never connected. Deleted ones too, as nothing speaks of them;
    # not deactivated ones, which would come back active.
    Leftover.UNUSED_APP: _Place(
        "apps",
        "id",
        "(origin <> 'registered' AND status <> 'deactivated' AND COALESCE(used_at, created_at) <= {moment}"
        " AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.app_id = apps.id))",
    ),
    # Whose deletion was cut short after its first batch of connections.
    Leftover.DELETED_APP: _Place(
        "apps",
        "id",
        "(status = 'deleted' AND updated_at > {moment}"
        " AND EXISTS (SELECT 1 FROM connections c WHERE c.app_id = apps.id AND c.ended_at IS NULL))",
    ),
}


def _look_sql(place: _Place) -> str:
    expired = place.expired.format(moment="$3")
    return f"""
    SELECT max(k), sum(gone) FROM (
        SELECT {place.key} AS k, CASE WHEN {expired} THEN 1 ELSE 0 END AS gone
        FROM {place.table} WHERE {place.key} > $1 AND {place.key} < $2 ORDER BY {place.key} LIMIT $4
    ) stretch
    """  # noqa: S608 - composed of constants only


def _remove_sql(place: _Place) -> str:
    expired = place.expired.format(moment="$3")
    return f"DELETE FROM {place.table} WHERE {place.key} > $1 AND {place.key} <= $2 AND {expired}"  # noqa: S608 - as above


def _remove_of_apps_sql(table: str) -> str:
    place = _PLACES[Leftover.UNUSED_APP]
    expired = place.expired.format(moment="$3")
    return f"""
    DELETE FROM {table} WHERE app_id IN (SELECT id FROM apps WHERE id > $1 AND id <= $2 AND {expired})
    """  # noqa: S608 - as above


_LOOK = {kind: _look_sql(place) for kind, place in _PLACES.items()}
_REMOVE = {kind: _remove_sql(place) for kind, place in _PLACES.items() if kind is not Leftover.DELETED_APP}
_APPS_MOST = 1000
_UNFINISHED = f"""
SELECT id, updated_at FROM apps
WHERE id > $1 AND id <= $2 AND {_PLACES[Leftover.DELETED_APP].expired.format(moment="$3")} ORDER BY id LIMIT $4
"""  # noqa: S608 - as above
# What hangs on an app goes before it. An app that is connected at this very moment is held by its new connection.
_REMOVE_OF_APPS = {table: _remove_of_apps_sql(table) for table in ("app_secrets", "redirect_refusals")}


class SqlHousekeepingStore:
    """The store's broom, over either engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(
        self, kind: Leftover, *, after: str, before: str, expired_before: datetime, limit: int
    ) -> Batch | None:
        """Return the next up to `limit` rows with keys between `after` and `before` (both exclusive), or None."""
        rows = await self._database.read(_LOOK[kind], after, before, to_micros(expired_before), limit)
        last, expired = rows[0]
        return None if last is None else Batch(last, expired)

    async def remove(self, kind: Leftover, *, after: str, last: str, expired_before: datetime) -> None:
        """Remove those of the batch that expired before `expired_before`; finish apps that were deleted since then."""
        if kind is Leftover.DELETED_APP:
            stretch = (after, last, to_micros(expired_before), _APPS_MOST)
            for app_id, deleted_at in await self._database.read(_UNFINISHED, *stretch):
                await end_all_connections(self._database, app_id, deleted_at, "")
            return

        def operation() -> Operation[None]:
            stretch = (after, last, to_micros(expired_before))
            if kind is Leftover.UNUSED_APP:
                for sql in _REMOVE_OF_APPS.values():
                    yield Statement(sql, stretch)
            yield Statement(_REMOVE[kind], stretch)

        await self._database.write(operation)
