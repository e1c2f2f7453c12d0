"""Authenticating a client by a JWT that it signed. RFC 7521 §4.2, RFC 7523 §3."""

from dataclasses import dataclass
from hashlib import sha256

from consentry.flows.client_keys import ClientKeys
from consentry.model.app import App
from consentry.oauth.client_metadata import FAPI2_ALGORITHMS
from consentry.oauth.jwt import JwtFault
from consentry.oauth.jwt_assertion import ClientAssertion, require_assertion_claims
from consentry.oauth.metadata import PUSHED_REQUEST_PATH, TOKEN_PATH
from consentry.ports.used_proofs import UsedProofStore
from consentry.ports.world import Clock
from consentry.signature_checking import is_signed_by


@dataclass(frozen=True, slots=True)
class AuthenticateByAssertion:
    """Checks client assertions. `issuer` is what this server is called."""

    keys: ClientKeys
    used: UsedProofStore
    clock: Clock
    issuer: str

    async def require(self, assertion: ClientAssertion, app: App) -> None:
        """Return if the assertion proves that the app speaks, and use it up: each is good once, for one request.

        Raises JwtFault, whose message continues a sentence that begins with the assertion. *Source:* RFC 7523 §3.
        """
        jwt, asked = assertion.jwt, app.metadata.token_endpoint_auth_signing_alg
        if asked is not None and jwt.algorithm != asked:
            raise JwtFault(f"must be signed with {asked}: that is what the app is registered with.")
        strict = app.metadata.is_fapi2
        if strict and jwt.algorithm not in FAPI2_ALGORITHMS:
            raise JwtFault(f"must be signed with {', '.join(FAPI2_ALGORITHMS)}: this app is held to FAPI 2.0.")
        # The claims first: for one that can be no good, nobody's key set is fetched.
        audiences = (self.issuer,) if strict else self._names()
        use = require_assertion_claims(assertion, audiences=audiences, now=self.clock.now(), listed=not strict)
        keys = await self.keys.find(app, kid=jwt.kid, algorithm=jwt.algorithm)
        # RFC 7523 §3 (9): signed with a key of this client.
        if not any(is_signed_by(jwt, key) for key in keys):
            raise JwtFault("was signed with none of the app's registered keys.")
        # RFC 7523 §3 (7). Last, so that nobody but the app itself can use one of its assertions up.
        if not await self.used.use(_proof_id(app, use.jti), until=use.until):
            raise JwtFault("was used already: make a new one, with a jti of its own, for each request.")

    def _names(self) -> tuple[str, ...]:
        """Return the issuer, and the addresses that RFC 7523 §3 (3) and RFC 9126 §2 let stand for this server."""
        return (self.issuer, self.issuer + TOKEN_PATH, self.issuer + PUSHED_REQUEST_PATH)


def _proof_id(app: App, jti: str) -> str:
    return sha256(f"assertion {app.id} {jti}".encode()).hexdigest()
