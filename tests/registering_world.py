"""A server that lets programs register apps, for tests: over ASGI, with the clock and the policy of the test."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from consentry.model.registration import Registration
from consentry.ports.outbound import Outbound
from consentry.web.main import app_over
from consentry.wiring import Deeds, open_deeds
from protocol_world import ISSUER, ProtocolWorld, fill_protocol_world, settings_for
from small_world import FixedClock

CLIENT_CALLBACK = "https://client.test/cb"


def a_registration(**changes: object) -> dict[str, object]:
    """Return a public client's registration; a change of None leaves the member out."""
    members: dict[str, object] = {
        "client_name": "Assistant",
        "redirect_uris": [CLIENT_CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RegisteringWorld:
    """The server, its deeds and a program that calls it."""

    deeds: Deeds
    protocol: ProtocolWorld
    http: httpx.AsyncClient
    clock: FixedClock

    async def register(
        self, members: Mapping[str, object] | bytes | None = None, *, token: str | None = None
    ) -> httpx.Response:
        """Send a registration: a good one, unless told otherwise."""
        body = members if isinstance(members, bytes) else json.dumps(members or a_registration()).encode()
        return await self.http.post("/oauth/register", content=body, headers=_headers(token))

    async def registered(self, **changes: object) -> dict[str, Any]:
        """Register and return the answer's members."""
        answer = await self.register(a_registration(**changes))
        assert answer.status_code == 201, answer.text
        members: dict[str, Any] = answer.json()
        return members

    async def manage(
        self,
        method: str,
        told: Mapping[str, Any],
        body: Mapping[str, object] | None = None,
        *,
        token: str | None = None,
    ) -> httpx.Response:
        """Call the address that a registration was told, with its token."""
        content = None if body is None else json.dumps(body)
        bearer = token if token is not None else told["registration_access_token"]
        return await self.http.request(
            method, told["registration_client_uri"], content=content, headers=_headers(bearer)
        )


def _headers(token: str | None) -> dict[str, str]:
    return {"content-type": "application/json"} | ({} if token is None else {"authorization": f"Bearer {token}"})


@asynccontextmanager
async def registering_world(
    folder: Path,
    database_url: str,
    clock: FixedClock,
    *,
    outbound: Outbound | None = None,
    fill: bool = True,
    **settings: Any,
) -> AsyncIterator[RegisteringWorld]:
    """Open a server where everybody may register, unless `settings` say otherwise.

    Without `fill` it is a second one on a database that has its people.
    """
    given = {"database_url": database_url, "dynamic_registration": Registration.OPEN, **settings}
    deeds = open_deeds(settings_for(folder / "consentry.sqlite3", **given), clock=clock, outbound=outbound)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app_over(deeds)), base_url=ISSUER) as http:
            protocol = await fill_protocol_world(deeds) if fill else None
            yield RegisteringWorld(deeds, protocol, http, clock)  # type: ignore[arg-type]  # none asks a second one
    finally:
        await deeds.database.close()
