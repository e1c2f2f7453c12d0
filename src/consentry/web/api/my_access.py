"""`/api/v1/me/access`: for any credential, what was approved, what works now, and why the rest does not."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from consentry.model.access import Reason, Refused
from consentry.model.refusal_guide import documentation_url
from consentry.web.api.bearer import CallerAccess
from consentry.wiring import Deeds


class MissingPermission(BaseModel):
    """A permission that does not work now, why, and where the reason is explained."""

    permission: str
    reason: Reason
    explanation: str
    documentation: str


class AccessAnswer(BaseModel):
    """What the credential may do now. `approved` is what consent or the key allows; `permissions` is what works."""

    organisation: str
    user: str
    client_id: str | None
    connection: str | None
    api_key: str | None
    scope: str | None
    approved: list[str]
    permissions: list[str]
    missing: list[MissingPermission]
    resource: str | None
    issued_at: datetime
    expires_at: datetime | None


def router(deeds: Deeds) -> APIRouter:
    """Return the route that explains a credential to its holder."""
    routes = APIRouter(tags=["Access"])

    @routes.get("/me/access")
    async def get_my_access(access: CallerAccess) -> AccessAnswer:
        """Say what the access token or API key that was sent may do now, and why not the rest.

        An app is told of what the user approved, and not what else the user may do; a key is the user's own.
        """
        missing = []
        for permission in sorted(access.approved if access.api_key_id is None else access.approved | access.held):
            decision = access.decide(permission, deeds.catalog)
            if isinstance(decision, Refused):
                missing.append(
                    MissingPermission(
                        permission=permission,
                        reason=decision.reason,
                        explanation=decision.sentence,
                        documentation=documentation_url(deeds.settings.issuer, decision.reason),
                    )
                )
        return AccessAnswer(
            organisation=access.organisation_id,
            user=access.user_id,
            client_id=access.client_id,
            connection=access.connection_id,
            api_key=access.api_key_id,
            scope=None if access.scope is None else str(access.scope),
            approved=sorted(access.approved),
            permissions=sorted(access.permissions),
            missing=missing,
            resource=access.resource,
            issued_at=access.issued_at,
            expires_at=access.expires_at,
        )

    return routes
