"""The question and how its answer is read: all of the client that does no I/O. RFC 7662 §2."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from consentry.catalog_reference import SCOPES_PATH, read_catalog_object
from consentry.flows.check_bearer import UNKNOWN, read_bearer
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog
from consentry.model.introspected import DETAIL, GUARD_DETAIL, read_introspected
from consentry.model.possession import not_proved
from consentry.oauth.metadata import INTROSPECTION_PATH, find_issuer_fault

DEFAULT_TIMEOUT = timedelta(seconds=2)
"""How long one attempt may take to connect, and then to be answered."""

RETRIES = 2
"""How often a question is asked again when the connection failed. A question changes nothing, so it may be repeated."""

CONNECTION_FAULTS = (httpx.NetworkError, httpx.RemoteProtocolError)
"""What makes a question worth repeating: the connection broke. A timeout does not: the server has enough to do."""

_OK = 200
_JSON = "application/json"
# The server closes an idle connection after five seconds; ours goes first, so that no question meets a closed one.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4)


class IntrospectionError(Exception):
    """The server could not be asked, or its answer cannot be used. It must not be taken for a yes."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks which server. Raises ValueError for an issuer that is none, or a client that is no resource server."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    timeout: timedelta = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        fault = find_issuer_fault(self.issuer)
        if fault is not None:
            raise ValueError(fault)
        if not self.client_id.startswith("res_") or not self.client_secret:
            raise ValueError(
                "Give the client ID, res_…, and the secret of the resource server: consentry resource register"
            )

    @property
    def pool(self) -> Mapping[str, Any]:
        """The options of the HTTP client that asks. No redirect is followed: the secret goes to the issuer only."""
        return {
            "base_url": self.issuer,
            "auth": httpx.BasicAuth(self.client_id, self.client_secret),
            "timeout": httpx.Timeout(self.timeout.total_seconds()),
            "limits": _LIMITS,
            "follow_redirects": False,
            "headers": {"Accept": _JSON},
        }

    @property
    def introspection_url(self) -> str:
        """Where a credential is asked about."""
        return self.issuer + INTROSPECTION_PATH

    @property
    def catalog_url(self) -> str:
        """Where the permissions and scopes are listed."""
        return f"{self.issuer}{SCOPES_PATH}.json"

    def form(self, bearer: str, address: str | None) -> dict[str, str]:
        """Return the fields to post."""
        fields = {"token": bearer, DETAIL: GUARD_DETAIL}
        return fields if address is None else {**fields, "address": address}

    def read(self, response: httpx.Response, jkt: str | None) -> Access | Refused:
        """Return what the server answered, for a caller who proved to hold this key. Raises IntrospectionError."""
        try:
            told = read_introspected(_json_object(response), self.issuer) or UNKNOWN
        except ValueError as fault:
            raise IntrospectionError(f"The answer of {self.issuer} cannot be used: {fault}") from None
        if isinstance(told, Access) and told.dpop_jkt != jkt:
            return not_proved(told.dpop_jkt, jkt)
        return told

    def read_catalog(self, response: httpx.Response) -> Catalog:
        """Return the catalog that the server lists. Raises IntrospectionError."""
        try:
            return read_catalog_object(_json_object(response))
        except ValueError as fault:
            raise IntrospectionError(f"The catalog of {self.issuer} cannot be read: {fault}") from None

    def unreachable(self, fault: httpx.HTTPError) -> IntrospectionError:
        """Return the error for a question that got no answer. It holds the kind of the fault, and no credential."""
        return IntrospectionError(f"{self.issuer} did not answer ({type(fault).__name__}).")


def refused_unasked(bearer: str) -> Refused | None:
    """Return the refusal of what is no access token and no API key: for that nobody need be asked."""
    read = read_bearer(bearer)
    return read if isinstance(read, Refused) else None


def _json_object(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != _OK:
        raise ValueError(f"status {response.status_code}.")
    body = json.loads(response.content)
    if not isinstance(body, dict):
        raise ValueError("no JSON object.")  # noqa: TRY004 - one kind of error for every answer that cannot be read
    return body
