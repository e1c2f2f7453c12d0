"""Token introspection. RFC 7662."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from consentry.flows.check_bearer import ANY_KEY, CheckBearer
from consentry.flows.subjects import Subjects
from consentry.model.access import Access, Refused
from consentry.model.approval import ApprovalBook
from consentry.model.client import Client
from consentry.model.introspected import members_of
from consentry.model.organisation import ResourceServer
from consentry.oauth.responses import IntrospectionResponse
from consentry.oauth.scope import Scope

_SECOND = 1_000_000
_MEMO_MOST = 8192
_Key: TypeAlias = tuple[frozenset[str] | None, frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class IntrospectToken:
    """Says what a credential may do now, to those who may ask."""

    bearer: CheckBearer
    approvals: ApprovalBook
    issuer: str
    subjects: Subjects
    _memo: dict[_Key, tuple[Scope | None, tuple[str, ...]]] = field(default_factory=dict, init=False, repr=False)

    async def introspect(
        self,
        text: str,
        caller: Client | ResourceServer | None,
        *,
        address: str | None = None,
        for_guard: bool = False,
    ) -> IntrospectionResponse:
        """Return the state of the credential.

        `caller` is an app, which learns of its own tokens only; a resource server, of any credential meant for it; or
        None for an operator, of any. Everything else is `inactive`, and says no more (§2.2). `address`, where a
        resource server passes it on, is held against the allow-list of an API key. `for_guard` adds for a resource
        server what its guard needs to word a refusal, and why a genuine credential is refused; an app never gets that.
        """
        resource = caller.identifier if isinstance(caller, ResourceServer) else None
        answer = await self.bearer.check(text, address=address, resource=resource, jkt=ANY_KEY)
        told = members_of(answer) if for_guard and isinstance(caller, ResourceServer) else {}
        if isinstance(answer, Refused) or (isinstance(caller, Client) and answer.app_id != caller.app.id):
            return IntrospectionResponse.inactive(told)
        # A resource server and an operator learn the user's own identifier, an app what it knows the user by.
        subject = self.subjects.subject(caller.app, answer.user_id) if isinstance(caller, Client) else answer.user_id
        return self._describe(answer, subject, told)

    def _describe(self, access: Access, subject: str, told: Mapping[str, object]) -> IntrospectionResponse:
        covered, permissions = self._told(access)
        return IntrospectionResponse(
            active=True,
            scope=covered,
            client_id=access.client_id,
            token_type="Bearer" if access.dpop_jkt is None else "DPoP",
            confirmation=access.dpop_jkt,
            expires_at=None if access.expires_micros is None else access.expires_micros // _SECOND,
            issued_at=access.issued_micros // _SECOND,
            subject=subject,
            audience=() if access.resource is None else (access.resource,),
            issuer=self.issuer,
            permissions=permissions,
            organisation=access.organisation_id,
            connection=access.connection_id,
            api_key=access.api_key_id,
            extensions=told,
        )

    def _told(self, access: Access) -> tuple[Scope | None, tuple[str, ...]]:
        """Return the scope that still opens something, and the permissions in their order. Pure, kept by content."""
        key = (None if access.scope is None else access.scope.tokens, access.held, access.permissions)
        told = self._memo.get(key)
        if told is None:
            covered = None if access.scope is None else self.approvals.still_covered(access.scope, access.held)
            told = covered, tuple(sorted(access.permissions))
            if len(self._memo) >= _MEMO_MOST:
                self._memo.clear()
            self._memo[key] = told
        return told
