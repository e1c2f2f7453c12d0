"""How the lists of who can, and of what would change, are put into words on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from consentry.flows.access_reach import MAY_SEE, Kind
from consentry.web.settings.access_pages import HOME, role_titles
from consentry.web.views.access import ReachList, ReachRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consentry.flows.access_reach import Found, Reach
    from consentry.model.catalog import Catalog
    from consentry.model.what_if import Difference
    from consentry.ports.explanations import ConnectionInSight, KeyInSight, MemberInSight

_TITLES: Mapping[Kind, str] = {
    Kind.MEMBERS: "Members",
    Kind.CONNECTIONS: "Connections",
    Kind.API_KEYS: "API keys",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, so that a link can ask it again: the page's address and fields, and the permission, if one."""

    address: str
    fields: Mapping[str, str]
    permission: str | None = None

    def more(self, kind: Kind, after: str) -> str:
        """Return the address of the part of the list that follows."""
        return f"{self.address}?{urlencode({**self.fields, 'only': kind.value, 'after': after})}"

    def explain(self, identifier: str) -> str:
        """Return the address of the explanation of a connection or a key."""
        fields = {"credential": identifier} | ({} if self.permission is None else {"permission": self.permission})
        return f"{HOME}?{urlencode(fields)}"


def reach_lists(reach: Reach, catalog: Catalog, question: Question) -> tuple[ReachList, ...]:
    """Return the lists as the pages show them, those that may not be seen with the permission that they need."""
    members, connections, keys = reach.members, reach.connections, reach.api_keys
    parts = {
        Kind.MEMBERS: None if members is None else ([_member(one, catalog) for one in members.found], members.next),
        Kind.CONNECTIONS: None
        if connections is None
        else ([_connection(one, question) for one in connections.found], connections.next),
        Kind.API_KEYS: None if keys is None else ([_key(one, question) for one in keys.found], keys.next),
    }
    lists = []
    for kind, part in parts.items():
        if part is not None:
            rows, after = part
            more = None if after is None else question.more(kind, after)
            lists.append(ReachList(kind.value, _TITLES[kind], tuple(rows), more))
        elif kind in reach.withheld:
            lists.append(ReachList(kind.value, _TITLES[kind], needs=MAY_SEE[kind]))
    return tuple(lists)


def _member(found: Found[MemberInSight], catalog: Catalog) -> ReachRow:
    seen, titles = found.one, role_titles(found.through, catalog)
    note = "" if titles else "Tuned for the member"
    return ReachRow(seen.name, seen.email, None, titles, note, *_changes(found.difference))


def _connection(found: Found[ConnectionInSight], question: Question) -> ReachRow:
    seen = found.one
    href = question.explain(seen.connection.id)
    return ReachRow(seen.connection.app_name, seen.names.user, href, found.through, "", *_changes(found.difference))


def _key(found: Found[KeyInSight], question: Question) -> ReachRow:
    seen = found.one
    return ReachRow(
        seen.key.name, seen.names.user, question.explain(seen.key.id), (), "In the key", *_changes(found.difference)
    )


def _changes(difference: Difference | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ((), ()) if difference is None else (tuple(sorted(difference.lost)), tuple(sorted(difference.gained)))
