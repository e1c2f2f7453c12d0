"""What the people who run the server ask it: is it alive, is it ready, how is it doing. Bare ASGI callables."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentry.oauth.bearer import parse_bearer
from consentry.oauth.errors import OAuthError
from consentry.web.json_answer import send_bytes, send_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from consentry.model.secret import Secret
    from consentry.wiring import Deeds

_UNAVAILABLE, _UNAUTHORIZED, _METHOD_NOT_ALLOWED = 503, 401, 405


@dataclass(frozen=True, slots=True)
class Operations:
    """The endpoints of operations over the deeds. Each is an ASGI application for one path."""

    deeds: Deeds

    def by_path(self) -> dict[str, ASGIApp]:
        """Return each endpoint by its path. `/metrics` is there only where the settings have a token for it."""
        endpoints: dict[str, ASGIApp] = {"/healthz": self.healthz, "/readyz": self.readyz}
        return endpoints if self.deeds.settings.metrics_token is None else {**endpoints, "/metrics": self.metrics}

    async def healthz(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`GET /healthz`: the process answers."""
        if await _reads(scope, send):
            await send_json(send, {"status": "ok"})

    async def readyz(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`GET /readyz`: the process answers and can read its database."""
        if not await _reads(scope, send):
            return
        try:
            await self.deeds.database.read("SELECT 1")
        except Exception:  # noqa: BLE001 - whatever keeps the database from answering, the server is not ready
            await send_json(send, {"status": "database unavailable"}, status=_UNAVAILABLE)
        else:
            await send_json(send, {"status": "ready"})

    async def metrics(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """`GET /metrics` in Prometheus's format, for whoever sends the settings' token."""
        if not await _reads(scope, send):
            return
        if not self._may_read_metrics(scope):
            await send_bytes(send, b"", status=_UNAUTHORIZED, headers=((b"www-authenticate", b"Bearer"),))
            return
        # Loaded here because most requests never need it.
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 - see above

        kind = (b"content-type", CONTENT_TYPE_LATEST.encode())
        await send_bytes(send, generate_latest(), status=200, headers=(kind,))

    def _may_read_metrics(self, scope: Scope) -> bool:
        token = self.deeds.settings.metrics_token
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        try:
            bearer = parse_bearer(given[0]) if len(given) == 1 else None
        except OAuthError:
            bearer = None
        return token is not None and bearer is not None and _same(bearer, token)


def _same(given: str, token: Secret) -> bool:
    return hmac.compare_digest(given.encode(), token.reveal().encode())


async def _reads(scope: Scope, send: Send) -> bool:
    """Tell whether the request only reads; one that does not is answered."""
    if scope["method"] in {"GET", "HEAD"}:
        return True
    await send_bytes(send, b"", status=_METHOD_NOT_ALLOWED, headers=((b"allow", b"GET, HEAD"),))
    return False
