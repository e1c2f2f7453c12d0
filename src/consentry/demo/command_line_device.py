"""Connecting where no browser can come back to the app: the user types a code elsewhere. RFC 8628."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_BY = 5


def ask_for_codes(send: Callable[[str, dict[str, str]], httpx.Response], client_id: str, scope: str) -> httpx.Response:
    """Ask for the codes. `send` posts a form to a path of the server."""
    return send("/oauth/device_authorization", {"client_id": client_id, "scope": scope})


def instructions(codes: Mapping[str, Any]) -> str:
    """Return what the user is to do."""
    return (
        f"Open this address in a browser, on this computer or another:\n\n  {codes['verification_uri']}\n\n"
        f"and type the code\n\n  {codes['user_code']}\n"
    )


def wait_for_answer(
    send: Callable[[str, dict[str, str]], httpx.Response],
    client_id: str,
    codes: Mapping[str, Any],
    *,
    sleep: Callable[[float], object],
) -> httpx.Response:
    """Ask until the user has answered or the time is over; return the server's last answer.

    `sleep` waits for a number of seconds.
    """
    interval = int(codes.get("interval", 5))
    form = {"grant_type": _GRANT, "device_code": str(codes["device_code"]), "client_id": client_id}
    while True:
        sleep(interval)
        answer = send("/oauth/token", form)
        match _error_of(answer):
            case "authorization_pending":
                pass
            case "slow_down":
                interval += _SLOWER_BY
            case _:
                return answer


def _error_of(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    return body.get("error") if isinstance(body, dict) else None
