"""Introspection answers as signed JWTs: when one is asked for, and what it claims. RFC 9701."""

from collections.abc import Mapping
from datetime import datetime

MEDIA_TYPE = "application/token-introspection+jwt"
"""What a resource server accepts that wants the answer signed, and what it then gets. RFC 9701 §4, §5."""

TYP = "token-introspection+jwt"
"""The `typ` of the JWT, so that it is never taken for an access token. RFC 9701 §5, §8.1."""

_JSON = "application/json"


def prefers_signed(accept: str) -> bool:
    """Tell whether an `Accept` header asks for the signed answer, no less than for the plain one.

    It must be named: `*/*` is what every HTTP client sends. *Source:* RFC 9701 §4, RFC 9110 §12.5.1.

    >>> prefers_signed("application/token-introspection+jwt"), prefers_signed("*/*")
    (True, False)
    """
    weights: dict[str, float] = {}
    for entry in accept.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        weights[name] = _weight(parameters)
    wanted = weights.get(MEDIA_TYPE, 0)
    return wanted > 0 and wanted >= weights.get(_JSON, 0)


def introspection_claims(
    answer: Mapping[str, object], *, issuer: str, audience: str, now: datetime
) -> dict[str, object]:
    """Return the claims of the JWT that carries `answer` to `audience`, the caller.

    It has neither `sub` nor `exp` of its own, so that nobody takes it for a token. *Source:* RFC 9701 §5.
    """
    return {"iss": issuer, "aud": audience, "iat": int(now.timestamp()), "token_introspection": dict(answer)}


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0
    return 1
