"""What `consentry doctor` looks at: what a client that knows nothing but an address would find. Reads only.

It asks over HTTP, from where it runs, and believes nothing that it does not see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import httpx

from consentry.oauth.metadata import JWKS_PATH, TOKEN_PATH, well_known_path
from consentry.oauth.protected_resource import OFFLINE_ACCESS, ProtectedResource
from consentry.oauth.uri import Uri
from consentry.ports.world import Clock

PATIENCE = timedelta(seconds=10)
"""How long an answer may take: what hosted clients wait, at most."""

_SKEW = timedelta(seconds=10)
_ORIGIN = "https://doctor.invalid"
_OPENID = ("jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported")
_UNAUTHORIZED = 401


class Outcome(StrEnum):
    """How a check went."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about an address, in one sentence: it says what to do where something is not right."""

    outcome: Outcome
    about: str
    sentence: str


class _Unusable(Exception):  # noqa: N818 - not a fault of ours: a finding
    """An address does not answer as it must; the text is the finding's sentence."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at a server and at the APIs whose tokens it gives out."""

    http: httpx.Client
    issuer: str
    scopes: Sequence[str]
    clock: Clock

    def server(self) -> Iterator[Finding]:
        """Yield what is found about the server itself."""
        if Uri.parse(self.issuer).scheme != "https":
            yield Finding(
                Outcome.NOTE, self.issuer, "The issuer is plain http, which works on this computer only. Use https."
            )
        url = self._at(well_known_path(self.issuer))
        try:
            answer = self._get(url)
            metadata = _object(answer)
        except _Unusable as fault:
            yield Finding(Outcome.BAD, url, str(fault))
            return
        if metadata.get("issuer") != self.issuer:
            yield Finding(
                Outcome.BAD,
                url,
                f"It calls itself {metadata.get('issuer')!r}, and this configuration says {self.issuer!r}. Clients "
                "compare the two letter by letter: set the issuer to the address that people use.",
            )
        else:
            yield Finding(Outcome.GOOD, url, "The metadata are there, and name the issuer to the letter.")
        yield from self._clock(url, answer)
        yield from self._readable(url, answer)
        yield from self._keys()
        yield from self._openid()
        yield from self._preflight(self._at(Uri.parse(self.issuer).path + TOKEN_PATH))
        yield _ways_in(self.issuer, metadata)

    def api(self, identifier: str) -> Iterator[Finding]:
        """Yield what is found about an API that is registered under this identifier."""
        resource = ProtectedResource(identifier)
        if not resource.has_metadata:
            yield Finding(Outcome.NOTE, identifier, "It is no web address, so clients cannot find it by themselves.")
            return
        try:
            answer = self._get(resource.metadata_url)
            yield from self._described(resource, answer, _object(answer))
        except _Unusable as fault:
            advice = "Give the guard of this API its identifier as `resource`."
            yield Finding(Outcome.BAD, resource.metadata_url, f"{fault} {advice}")
        yield from self._challenged(resource)
        yield from self._preflight(identifier)

    def _described(
        self, resource: ProtectedResource, answer: httpx.Response, document: Mapping[str, Any]
    ) -> Iterator[Finding]:
        url = resource.metadata_url
        servers, scopes = document.get("authorization_servers"), document.get("scopes_supported") or []
        faults = []
        if document.get("resource") != resource.identifier:
            faults.append(f"It describes {document.get('resource')!r}, and registered is {resource.identifier!r}.")
        if not isinstance(servers, list) or servers[:1] != [self.issuer]:
            faults.append(f"The first of its authorization servers must be {self.issuer}, and is not.")
        if OFFLINE_ACCESS in scopes:
            faults.append(f"Take {OFFLINE_ACCESS} out of its scopes: it is no scope of an API.")
        unknown = sorted({str(name) for name in scopes} - {*self.scopes, OFFLINE_ACCESS})
        if unknown:
            faults.append(f"The catalog does not have its scopes {', '.join(unknown)}.")
        yield from (Finding(Outcome.BAD, url, fault) for fault in faults)
        if not faults:
            yield Finding(Outcome.GOOD, url, "The API describes itself, and names this server.")
        if not scopes:
            yield Finding(Outcome.NOTE, url, "It names no scopes to begin with, so clients ask for all that there are.")
        yield from self._readable(url, answer)

    def _challenged(self, resource: ProtectedResource) -> Iterator[Finding]:
        url = resource.identifier
        try:
            answer = self._send("POST", url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        except _Unusable as fault:
            yield Finding(Outcome.BAD, url, str(fault))
            return
        challenge = answer.headers.get("www-authenticate", "")
        if answer.is_redirect:
            where = answer.headers.get("location", "elsewhere")
            sentence = (
                f"It sends callers on to {where}, and clients lose their token on the way. Register that address."
            )
            yield Finding(Outcome.BAD, url, sentence)
        elif answer.status_code != _UNAUTHORIZED:
            yield Finding(
                Outcome.BAD,
                url,
                f"A call without a token is answered {answer.status_code} and not 401, so no client learns that it "
                "needs one. Is the guard in front of this address?",
            )
        elif f'resource_metadata="{resource.metadata_url}"' not in challenge:
            yield Finding(
                Outcome.BAD, url, f"Its 401 does not name {resource.metadata_url}. Give the guard its `resource`."
            )
        else:
            yield Finding(Outcome.GOOD, url, "A call without a token is told where to find the way.")
            yield from self._readable(url, answer)

    def _clock(self, url: str, answer: httpx.Response) -> Iterator[Finding]:
        given = answer.headers.get("date")
        if given is None:
            return
        apart = abs(parsedate_to_datetime(given) - self.clock.now())
        if apart > _SKEW:
            seconds = int(apart.total_seconds())
            yield Finding(Outcome.BAD, url, f"Its clock and this computer's are {seconds} s apart. Set both by NTP.")
        else:
            yield Finding(Outcome.GOOD, url, "The clocks agree.")

    def _readable(self, url: str, answer: httpx.Response) -> Iterator[Finding]:
        if answer.headers.get("access-control-allow-origin") != "*":
            yield Finding(
                Outcome.BAD,
                url,
                "A script of another origin may not read it, so clients in browsers fail. Let "
                "Access-Control-Allow-Origin through.",
            )

    def _keys(self) -> Iterator[Finding]:
        url = self._at(Uri.parse(self.issuer).path + JWKS_PATH)
        try:
            keys = _object(self._get(url)).get("keys")
        except _Unusable as fault:
            yield Finding(Outcome.BAD, url, str(fault))
            return
        if keys:
            yield Finding(Outcome.GOOD, url, f"{len(keys)} public keys are there.")
        else:
            yield Finding(Outcome.BAD, url, "It has no key. Make one: consentry keys rotate")

    def _openid(self) -> Iterator[Finding]:
        url = f"{self.issuer}/.well-known/openid-configuration"
        try:
            answer = self._send("GET", url)
            if not answer.is_success:
                yield Finding(Outcome.NOTE, url, "There is no OpenID configuration, so nobody signs in with it.")
                return
            missing = [name for name in _OPENID if name not in _object(answer)]
        except _Unusable as fault:
            yield Finding(Outcome.BAD, url, str(fault))
            return
        if missing:
            yield Finding(Outcome.BAD, url, f"It lacks {', '.join(missing)}: clients take it for whole, and fail.")
        else:
            yield Finding(Outcome.GOOD, url, "The OpenID configuration is whole.")

    def _preflight(self, url: str) -> Iterator[Finding]:
        asked = {
            "Origin": _ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
        }
        try:
            answer = self._send("OPTIONS", url, headers=asked)
        except _Unusable as fault:
            yield Finding(Outcome.BAD, url, str(fault))
            return
        allowed = answer.headers.get("access-control-allow-headers", "").lower()
        if answer.is_success and "authorization" in allowed:
            yield Finding(Outcome.GOOD, url, "A script of another origin may call it.")
        else:
            sentence = "A script of another origin may not call it. That is right only if no client runs in a browser."
            yield Finding(Outcome.NOTE, url, sentence)

    def _at(self, path: str) -> str:
        origin, _, rest = self.issuer.partition("://")
        return f"{origin}://{rest.partition('/')[0]}{path}"

    def _get(self, url: str) -> httpx.Response:
        answer = self._send("GET", url)
        if answer.is_redirect:
            raise _Unusable(f"It sends on to {answer.headers.get('location')}, which clients do not follow.")
        if not answer.is_success:
            raise _Unusable(f"It answers {answer.status_code}. Is the server, or a proxy before it, set up for it?")
        return answer

    def _send(self, method: str, url: str, **more: Any) -> httpx.Response:
        try:
            return self.http.request(method, url, timeout=PATIENCE.total_seconds(), follow_redirects=False, **more)
        except httpx.TimeoutException:
            seconds = int(PATIENCE.total_seconds())
            raise _Unusable(f"It did not answer within {seconds} s, and hosted clients wait no longer.") from None
        except httpx.HTTPError as fault:
            raise _Unusable(f"It cannot be reached from here: {fault}.") from fault


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        raise _Unusable("It answers something that is not JSON.") from None
    if not isinstance(found, dict):
        raise _Unusable("It answers JSON that is no object.")
    return found


def _ways_in(issuer: str, metadata: Mapping[str, Any]) -> Finding:
    ways = [
        name
        for name, key in (
            ("metadata documents", "client_id_metadata_document_supported"),
            ("dynamic registration", "registration_endpoint"),
        )
        if metadata.get(key)
    ]
    if not ways:
        return Finding(
            Outcome.NOTE,
            issuer,
            "Only apps that somebody registered can connect. For assistants, set client_id_metadata_documents = true.",
        )
    return Finding(Outcome.GOOD, issuer, f"Programs that nobody registered can connect, by {' and '.join(ways)}.")
