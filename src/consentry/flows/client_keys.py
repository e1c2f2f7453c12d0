"""The public keys by which an app proves who it is: registered by value, or at an address of its own. RFC 7591 §2."""

from dataclasses import dataclass

from consentry.flows.fetch_document import FetchDocument
from consentry.model.app import App
from consentry.oauth.jwk import MAX_JWKS_LENGTH, PublicKey, read_key_set
from consentry.oauth.jwt import JwtFault

_ACCEPT = "application/jwk-set+json, application/json"


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """Finds the keys of apps."""

    documents: FetchDocument

    async def find(self, app: App, *, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        """Return the app's keys that may have signed by this algorithm, those called `kid` where one is named.

        A key that is not in what was kept of the app's address is looked for there again, because it may be new
        (OpenID Connect Core §10.1.1).
        """
        if app.metadata.jwks is not None:
            return _matching(app.metadata.jwks, kid, algorithm)
        found = await self._fetched(app, kid, algorithm, anew=False)
        return found or await self._fetched(app, kid, algorithm, anew=True)

    async def _fetched(self, app: App, kid: str | None, algorithm: str, *, anew: bool) -> tuple[PublicKey, ...]:
        uri = app.metadata.jwks_uri
        if uri is None:
            return ()
        text = await self.documents.find(uri, accept=_ACCEPT, most_bytes=MAX_JWKS_LENGTH, anew=anew)
        return () if text is None else _matching(text, kid, algorithm)


def _matching(text: str, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
    try:
        keys = read_key_set(text)
    except JwtFault:
        return ()
    return tuple(key for key in keys if algorithm in key.algorithms and kid in {None, key.kid})
