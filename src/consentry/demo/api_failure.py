"""What a sample app tells its user when a server says no: the answer's JSON as readable lines."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

_HEADLINES = {
    400: "The server did not understand the request.",
    401: "The server does not accept our token.",
    403: "The token is good, but this is not allowed.",
    404: "There is no such thing.",
    409: "That is not possible in the present state.",
    429: "Too many requests; try again in a moment.",
}
_MOST_FACTS = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that did not work: what was called, what came back, and why, fact by fact."""

    what: str
    status: int | None
    headline: str
    facts: tuple[tuple[str, str], ...] = ()


def failure_of(what: str, response: httpx.Response) -> Failure:
    """Describe an unsuccessful answer; its JSON object's members become the facts."""
    headline = _HEADLINES.get(response.status_code, "Something went wrong at the server.")
    try:
        body = response.json()
    except ValueError:
        body = None
    facts = list(_facts(body)) if isinstance(body, dict) else []
    challenge = response.headers.get("WWW-Authenticate")
    if challenge:
        facts.append(("WWW-Authenticate", challenge))
    return Failure(what, response.status_code, headline, tuple(facts[:_MOST_FACTS]))


def unreachable(what: str, fault: httpx.HTTPError) -> Failure:
    """Describe a call that got no answer at all."""
    return Failure(what, None, "The server could not be reached.", (("reason", str(fault) or type(fault).__name__),))


def _facts(body: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    for name, value in body.items():
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, dict):
            facts.extend(_facts(value, f"{name} "))
        elif isinstance(value, list):
            facts.append((label, ", ".join(str(one) for one in value) or "none"))
        elif value is not None:
            facts.append((label, str(value)))
    return facts
