"""Explains live rows under one catalog: for every permission who gives it, who does not, and what stands still. Pure.

The verdict is always that of model/check.py and `Access.decide`; what stands beside it says where it comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consentry.model.access import Access, Allowed, Refused
from consentry.model.app import AppStanding
from consentry.model.approval import ApprovalBook
from consentry.model.catalog_entry import PermissionEntry
from consentry.model.check import judge_key, judge_token
from consentry.model.explanation import (
    ExplainedKind,
    Explanation,
    Names,
    Part,
    PartKind,
    PartState,
    PermissionExplained,
)
from consentry.model.live import LiveApiKey, LiveConnection, LiveToken
from consentry.model.membership import Holder, RoleBook, parse_role_grants, render_role_grants
from consentry.model.organisation import Standing
from consentry.model.permission import parse_permissions

_A_MOMENT = timedelta(seconds=1)


def as_if_issued(connection: LiveConnection, holder: Holder, now: datetime) -> LiveToken:
    """Return a token as it would be if all that was approved were issued at `now`."""
    return LiveToken.hanging_on(connection, holder, now, now + _A_MOMENT)


def as_if_allowed_here(key: LiveApiKey) -> LiveApiKey:
    """Return the key as it is used from a network that it allows."""
    return key._replace(networks="")


def held_through(permission: str, holder: Holder, book: RoleBook) -> tuple[str, ...]:
    """Return the names of the member's roles that include `permission`: none where the permissions were tuned."""
    if holder.custom_permissions is not None:
        return ()
    grants = parse_role_grants(holder.roles)
    return tuple(one.name for one in grants if permission in book.permissions_of(render_role_grants((one,)), None))


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains live rows under one catalog."""

    approvals: ApprovalBook
    book: RoleBook

    def token(
        self, token: LiveToken, names: Names, now: datetime, *, resource: str | None, entries: Sequence[PermissionEntry]
    ) -> Explanation:
        """Explain an access token at the API of this RFC 8707 identifier (None asks for no binding)."""
        expired = now >= token.expires_at
        parts = (
            Part(
                PartKind.ACCESS_TOKEN,
                "",
                PartState.EXPIRED if expired else PartState.ACTIVE,
                token.expires_at if expired else None,
            ),
            Part(
                PartKind.SIGN_IN,
                "",
                PartState.REVOKED if token.family_ended else PartState.ACTIVE,
                names.sign_in_ended_at if token.family_ended else None,
            ),
        )
        answer = judge_token(token, now, resource, self.approvals, self.book)
        return self._connected(ExplainedKind.ACCESS_TOKEN, token, parts, names, answer, entries)

    def connection(
        self,
        connection: LiveConnection,
        holder: Holder,
        names: Names,
        now: datetime,
        *,
        entries: Sequence[PermissionEntry],
    ) -> Explanation:
        """Explain a connection: what a token with all of its scopes may do."""
        token = as_if_issued(connection, holder, now)
        answer = judge_token(token, now, None, self.approvals, self.book)
        return self._connected(ExplainedKind.CONNECTION, token, (), names, answer, entries)

    def key(
        self, key: LiveApiKey, names: Names, now: datetime, *, address: str | None, entries: Sequence[PermissionEntry]
    ) -> Explanation:
        """Explain an API key used from this address (None: from one that it allows)."""
        judged = as_if_allowed_here(key) if address is None else key
        answer = judge_key(judged, now, address, self.book)
        own = parse_permissions(key.permissions)
        expired = key.expires_at is not None and now >= key.expires_at
        if key.revoked:
            part = Part(PartKind.API_KEY, key.name, PartState.REVOKED, names.key_revoked_at)
        elif expired:
            part = Part(PartKind.API_KEY, key.name, PartState.EXPIRED, key.expires_at)
        else:
            part = Part(PartKind.API_KEY, key.name, PartState.ACTIVE)
        explained = tuple(
            PermissionExplained(
                entry,
                self._verdict(entry.name, answer),
                (),
                (),
                (),
                (),
                entry.name in own,
                *self._held(entry.name, key.holder),
            )
            for entry in entries
        )
        return Explanation(
            ExplainedKind.API_KEY,
            key.id,
            key.holder.organisation_id,
            key.holder.user_id,
            None,
            (part, *_people(key.holder, names)),
            explained,
            answer if isinstance(answer, Refused) else None,
            _role_names(key.holder),
            key.holder.custom_permissions is not None,
            key.allowed_networks,
        )

    def _connected(
        self,
        kind: ExplainedKind,
        token: LiveToken,
        parts: tuple[Part, ...],
        names: Names,
        answer: Access | Refused,
        entries: Sequence[PermissionEntry],
    ) -> Explanation:
        connection, holder = token.connection, token.holder
        app_state = {
            AppStanding.ACTIVE: PartState.ACTIVE,
            AppStanding.DEACTIVATED: PartState.DEACTIVATED,
            AppStanding.DELETED: PartState.DELETED,
            AppStanding.REFUSED: PartState.REFUSED,
        }[connection.app_standing]
        ended = PartState.ENDED if connection.ended else PartState.ACTIVE
        return Explanation(
            kind,
            connection.id,
            holder.organisation_id,
            holder.user_id,
            connection.client_id,
            (
                *parts,
                Part(PartKind.CONNECTION, "", ended, names.connection_ended_at if connection.ended else None),
                Part(PartKind.APP, connection.app_name, app_state),
                *_people(holder, names),
            ),
            tuple(self._through_scopes(entry, token, answer) for entry in entries),
            answer if isinstance(answer, Refused) else None,
            _role_names(holder),
            holder.custom_permissions is not None,
            resource=token.resource,
        )

    def _through_scopes(
        self, entry: PermissionEntry, token: LiveToken, answer: Access | Refused
    ) -> PermissionExplained:
        approved = frozenset(token.connection.scopes.split())
        in_token, of_app = frozenset(token.scope.split()), frozenset(token.connection.app_scopes.split())
        granting = self.book.catalog.scopes_granting(entry.name)

        def among(names: frozenset[str]) -> tuple[str, ...]:
            return tuple(name for name in granting if name in names)

        return PermissionExplained(
            entry,
            self._verdict(entry.name, answer),
            among(approved & in_token & of_app),
            among((approved & in_token) - of_app),
            among((approved & of_app) - in_token),
            among(of_app),
            None,
            *self._held(entry.name, token.holder),
        )

    def _verdict(self, permission: str, answer: Access | Refused) -> Allowed | Refused:
        return answer if isinstance(answer, Refused) else answer.decide(permission, self.book.catalog)

    def _held(self, permission: str, holder: Holder) -> tuple[bool, tuple[str, ...]]:
        is_member = holder.member_standing is not None
        held = is_member and permission in self.book.permissions_of(holder.roles, holder.custom_permissions)
        return held, held_through(permission, holder, self.book)


def _people(holder: Holder, names: Names) -> tuple[Part, ...]:
    member = PartState.REMOVED if holder.member_standing is None else _state(holder.member_standing)
    return (
        Part(PartKind.MEMBER, names.user, member),
        Part(PartKind.USER, names.user_email, _state(holder.user_standing)),
        Part(PartKind.ORGANISATION, names.organisation, _state(holder.organisation_standing)),
    )


def _state(standing: Standing) -> PartState:
    return PartState.ACTIVE if standing is Standing.ACTIVE else PartState.SUSPENDED


def _role_names(holder: Holder) -> tuple[str, ...]:
    return tuple(grant.name for grant in parse_role_grants(holder.roles))
