"""What every guard does around its check, whatever makes it: read the call, judge the permissions, word the refusal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network

from consentry.gate.answer import BEARER, CallRefusedError, answer_failure, answer_refused
from consentry.gate.call import Call, DpopToken, read_bearer
from consentry.gate.judgement import find_refusal
from consentry.gate.proved_request import proved_request
from consentry.gate.prover import Prover
from consentry.log import Log
from consentry.model.access import Access, Reason, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.dpop import SCHEME, DpopProof
from consentry.oauth.protected_resource import ProtectedResource
from consentry.oauth.scope import Scope
from consentry.proof_checking import NonceNeeded

_log = Log(__name__)
_NOTHING_TO_PROVE = Refused(
    Reason.INVALID_DPOP_PROOF, "This API does not look at proofs. Send a token that is bound to no key, as Bearer."
)


class UnknownPermissionError(ValueError):
    """A route asks for a permission that the catalog does not declare, so nobody could ever call it."""


class UnknownScopeError(ValueError):
    """An API asks its clients for a scope that the catalog does not declare, so nobody could ever be given it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The steps before and after a check. `issuer` is where the refusals are explained; `resource` is the API guarded.

    Raises UnknownScopeError for a scope of the resource that the catalog does not declare.
    """

    catalog: Catalog
    issuer: str
    resource: ProtectedResource | None = None
    prover: Prover = field(default_factory=Prover)

    def __post_init__(self) -> None:
        for name in () if self.resource is None else self.resource.scopes:
            if name not in self.catalog.scopes:
                raise UnknownScopeError(f"The catalog has no scope {name!r}. {_hint(name, self.catalog.scopes)}")

    def read(self, call: Call) -> str | DpopToken:
        """Return the credential of the call. Raises CallRefusedError where it stands in a wrong place, or nowhere."""
        bearer = read_bearer(call)
        if isinstance(bearer, Refused):
            raise self.refusal(bearer)
        return bearer

    def judge(self, checked: Access | Refused, permissions: Sequence[str]) -> Access:
        """Return the access of a caller who may do all of `permissions`. Raises CallRefusedError for any other."""
        if isinstance(checked, Refused):
            raise self.refusal(checked)
        refused = find_refusal(checked, permissions, self.catalog)
        if refused is not None:
            raise self.refusal(refused, scheme=scheme_of(checked))
        return checked

    def prove(self, call: Call, token: DpopToken, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> DpopProof:
        """Return the proof that came with the token, right for this very call. Raises CallRefusedError. RFC 9449 §7.1.

        Whether it is of the key that the token is bound to is for the check to say, and whether it was used before for
        `judge_proved`.
        """
        if call.source is None:
            raise self.refusal(_NOTHING_TO_PROVE, scheme=SCHEME)
        try:
            proof = self.prover.check(proved_request(call.source, trusted_proxies, self.resource), token.text)
        except NonceNeeded as needed:
            refused = Refused(Reason.USE_DPOP_NONCE, f"The DPoP proof {needed}")
            raise self.refusal(refused, scheme=SCHEME, nonce=needed.nonce) from None
        if isinstance(proof, Refused):
            raise self.refusal(proof, scheme=SCHEME)
        return proof

    def judge_proved(
        self, checked: Access | Refused, proof: DpopProof, call: Call, permissions: Sequence[str]
    ) -> Access:
        """Do what `judge` does for a call with a proof, which is used up. Raises CallRefusedError."""
        used = checked if isinstance(checked, Refused) or call.source is None else self.prover.use(proof, call.source)
        if isinstance(used, Refused):
            raise self.refusal(used, scheme=SCHEME)
        return self.judge(checked, permissions)

    def failure(self, fault: Exception) -> CallRefusedError:
        """Return the refusal of a call whose check failed: nobody is let in unchecked."""
        # Its text may hold data, so the log gets the kind only.
        _log.critical("check_failed", fault=type(fault).__name__)
        return CallRefusedError(answer_failure(issuer=self.issuer, metadata_url=self._metadata_url), None)

    def require_known(self, permissions: Sequence[str]) -> None:
        """Return if the catalog declares all of `permissions`; raises UnknownPermissionError."""
        for name in permissions:
            if name not in self.catalog.permissions:
                hint = _hint(name, self.catalog.permissions)
                raise UnknownPermissionError(f"The catalog has no permission {name!r}. {hint}")

    def refusal(self, refused: Refused, *, scheme: str = BEARER, nonce: str | None = None) -> CallRefusedError:
        """Return the refusal of a call, worded for its caller, whose credential came in this scheme."""
        answer = answer_refused(
            refused,
            issuer=self.issuer,
            metadata_url=self._metadata_url,
            first_scopes=self._first_scopes,
            scheme=scheme,
            nonce=nonce,
        )
        return CallRefusedError(answer, refused)

    @property
    def _metadata_url(self) -> str | None:
        return self.resource.metadata_url if self.resource is not None and self.resource.has_metadata else None

    @property
    def _first_scopes(self) -> Scope:
        # Of the API and not of the route, so that every adapter answers alike, also where one knows no route yet.
        return Scope() if self.resource is None else Scope.of(*self.resource.scopes)


def scheme_of(access: Access) -> str:
    """Return the scheme in which the credential came. RFC 9449 §7.1: a bound token is told of the scheme DPoP."""
    return BEARER if access.dpop_jkt is None else SCHEME


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else "Declare it in the catalog."


def names_of(permissions: str | Iterable[str]) -> tuple[str, ...]:
    """Return one name, or several, as a tuple of names."""
    return (permissions,) if isinstance(permissions, str) else tuple(permissions)
