"""One process of several on one database: reads what to do as JSON lines, answers each with a line.

Run as a program. The line `{"at": …}` of a job is the moment, in seconds since the epoch, at which all of its attempts
start together with those of the other processes.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from consentry.model.access import Access
from consentry.model.acting import member
from consentry.model.ids import ConnectionId, OrganisationId, UserId
from consentry.oauth.client_authentication import ClientCredentials
from consentry.oauth.client_metadata import DEVICE_CODE
from consentry.oauth.errors import OAuthError
from consentry.oauth.token_request import (
    AuthorizationCodeRequest,
    DeviceCodeRequest,
    RefreshTokenRequest,
    parse_token_request,
)
from consentry.wiring import Deeds, open_deeds
from protocol_world import ADDRESS, CALLBACK, VERIFIER, form, settings_for


async def attempt(deeds: Deeds, job: dict[str, str]) -> dict[str, str | None]:
    """Do one thing; answer what came of it, a refusal by its error code."""
    try:
        return await _do(deeds, job)
    except OAuthError as refusal:
        return {"error": refusal.code.value}


async def _do(deeds: Deeds, job: dict[str, str]) -> dict[str, str | None]:
    match job["do"]:
        case "check":
            answer = await deeds.check_bearer.check(job["token"])
            return {"error": None if isinstance(answer, Access) else answer.reason.value}
        case "end":
            acting = member(UserId(job["user"]), OrganisationId(job["organisation"]), frozenset())
            await deeds.connections.end(acting, ConnectionId(job["connection"]))
            return {"error": None}
    credentials = ClientCredentials(job["client_id"], None, "none")
    client = await deeds.authenticate_client.authenticate(credentials, address=ADDRESS)
    if job["do"] == "revoke":
        await deeds.revoke_token.revoke(job["token"], client)
        return {"error": None}
    if job["do"] == "exchange":
        fields = {"grant_type": "authorization_code", "code": job["code"], "code_verifier": VERIFIER}
        request = parse_token_request(form(redirect_uri=CALLBACK, **fields))
    elif job["do"] == "fetch":
        request = parse_token_request(form(grant_type=DEVICE_CODE, device_code=job["code"]))
    else:
        request = parse_token_request(form(grant_type="refresh_token", refresh_token=job["token"]))
    if isinstance(request, AuthorizationCodeRequest):
        tokens = await deeds.authorization_code_grant.exchange(request, client)
    elif isinstance(request, DeviceCodeRequest):
        tokens = await deeds.devices.grant.exchange(request, client)
    else:
        assert isinstance(request, RefreshTokenRequest)
        tokens = await deeds.refresh_token_grant.refresh(request, client)
    return {"error": None, "access_token": tokens.access_token, "refresh_token": tokens.refresh_token}


async def main(folder: Path, database_url: str) -> None:
    deeds = open_deeds(settings_for(folder / "consentry.sqlite3", database_url=database_url))
    _say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        work = json.loads(line)
        await asyncio.sleep(max(0.0, work["at"] - time.time()))
        _say(await asyncio.gather(*(attempt(deeds, job) for job in work["jobs"])))
    await deeds.database.close()


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
