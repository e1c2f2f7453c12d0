"""The call that a gateway asks about, read from what the gateway says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consentry.model.request_path import AmbiguousRequestError, read_method, read_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consentry.web.program_endpoint import ProgramRequest

FORWARD_AUTH_PATH = "/guard/forward-auth"

_NGINX = ("x-original-method", "x-original-uri")
_FORWARDED = ("x-forwarded-method", "x-forwarded-uri")
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
_IDENTITY = "x-consentry-"
_UNSAID = (
    "The gateway does not say what was called. Set X-Original-Method and X-Original-URI (nginx) or X-Forwarded-Method "
    f"and X-Forwarded-Uri (Caddy, Traefik), and not both; or put the path behind {FORWARD_AUTH_PATH} (Envoy)."
)


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """The original call: its method, its path and query as they were sent, and the path's decoded segments."""

    method: str
    path: str
    query: str
    segments: tuple[str, ...]


def is_from_nginx(request: ProgramRequest) -> bool:
    """Tell whether the gateway is one that understands no other answers than 200, 401 and 403."""
    return any(name == b"x-original-uri" for name, _ in request.headers)


def read_gateway_request(request: ProgramRequest) -> GatewayRequest:
    """Return the call that the gateway asks about.

    Just one place may name it: with two, one of them is the client's word and not the gateway's. Raises
    AmbiguousRequestError for that, and for whatever the API behind could read differently.
    """
    headers = _plain_headers(request)
    places = []
    for method_name, target_name in (_NGINX, _FORWARDED):
        if method_name in headers or target_name in headers:
            places.append((headers.get(method_name, []), headers.get(target_name, [])))
    raw = request.path.decode("latin-1")
    if raw != FORWARD_AUTH_PATH:
        if not raw.startswith(f"{FORWARD_AUTH_PATH}/"):
            raise AmbiguousRequestError(_UNSAID)
        asked = request.query.decode("latin-1")
        target = raw.removeprefix(FORWARD_AUTH_PATH) + (f"?{asked}" if asked else "")
        places.append(([request.method], [target]))
    if len(places) != 1:
        raise AmbiguousRequestError(_UNSAID)
    methods, targets = places[0]
    if len(methods) != 1 or len(targets) != 1:
        raise AmbiguousRequestError(_UNSAID)
    path, _, query = targets[0].partition("?")
    if "#" in query:
        raise AmbiguousRequestError("Send an address without a fragment.")
    return GatewayRequest(read_method(methods[0]), path, query, read_path(path))


def _plain_headers(request: ProgramRequest) -> Mapping[str, list[str]]:
    """Return the values by name; raises AmbiguousRequestError for headers that the API behind could take for others."""
    headers: dict[str, list[str]] = {}
    for raw_name, raw_value in request.headers:
        name = raw_name.decode("latin-1")
        # Gateway interfaces (CGI, WSGI) make the same variable of x_consentry_subject and x-consentry-subject.
        read_as = name.replace("_", "-")
        if read_as in _OVERRIDES:
            raise AmbiguousRequestError("Send the method itself, without a header that overrides it.")
        if read_as != name and read_as.startswith((_IDENTITY, "x-original-", "x-forwarded-")):
            raise AmbiguousRequestError(f"Send no header {name[:40]!r}: it can be taken for another.")
        headers.setdefault(name, []).append(raw_value.decode("latin-1"))
    return headers
