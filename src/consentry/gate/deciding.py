"""From a call to an access, around whatever check a guard has: the one place that fails closed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from consentry.gate.answer import CallRefusedError
from consentry.gate.call import Call, DpopToken
from consentry.gate.gate import Gate, names_of, scheme_of
from consentry.gate.proved_request import ProvedRequest
from consentry.gate.prover import Prover
from consentry.model.access import Access, Reason, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.protected_resource import ProtectedResource


class _KnowsPermissions:
    """What both kinds of guard have: the gate around their check."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        issuer: str,
        resource: ProtectedResource | str | None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network],
        prover: Prover | None,
    ) -> None:
        self.catalog = catalog
        self.issuer = issuer
        self.trusted_proxies = trusted_proxies
        self._gate = Gate(catalog, issuer, ProtectedResource.of(resource), prover or Prover())

    def require_known(self, permissions: Sequence[str]) -> None:
        """Return if the catalog declares all of `permissions`; raises UnknownPermissionError, at start-up."""
        self._gate.require_known(permissions)

    def judge(self, access: Access, permissions: Sequence[str]) -> Access:
        """Return `access` if it may do all of `permissions`; raises CallRefusedError with the answer to send.

        For a call whose needs show only when it is read further. `access` must be that of this very call.
        """
        return self._gate.judge(access, permissions)

    def refuse(self, refused: Refused, access: Access) -> CallRefusedError:
        """Return the refusal, for a reason that the adapter found, of a call that has this access."""
        return self._gate.refusal(refused, scheme=scheme_of(access))

    def deny(self, access: Access, sentence: str) -> CallRefusedError:
        """Return the refusal of a call that a rule of the product's own forbids, whatever the caller may do.

        An endpoint raises it once it knows what the call is about, before its answer has begun: `raise
        guard.deny(access, "This invoice is closed.")`. `sentence` is for the app's developer.
        """
        return self._gate.refusal(Refused(Reason.RESOURCE_RULE, sentence), scheme=scheme_of(access))

    @property
    def resource(self) -> ProtectedResource | None:
        """The API that is guarded, as its clients address it; None where every token of the server is good."""
        return self._gate.resource


class AsyncDeciding(_KnowsPermissions, ABC):
    """Decides calls by an asynchronous check."""

    @abstractmethod
    async def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. What it raises is never a yes.

        `jkt` is the thumbprint of the key that the caller has proved to hold.
        """

    async def authorise(
        self,
        authorization: Sequence[str],
        permissions: str | Iterable[str] = (),
        *,
        address: str | None = None,
        query: str = "",
        proof: ProvedRequest | None = None,
    ) -> Access:
        """Return the access of a call that may do all of `permissions` now; of none, any working credential will do.

        `authorization` holds the value of every `Authorization` header, `query` the query string as it was sent.
        `proof` is what a token that is bound to a key must be proved by; without it, such a token is refused.

        Raises CallRefusedError with the answer to send, also when the check itself fails: nobody gets in unchecked.
        """
        return await self.authorise_call(Call(authorization, query, address, proof), names_of(permissions))

    async def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Do what `authorise` does, for a call as the adapters read it. Raises CallRefusedError."""
        bearer = self._gate.read(call)
        if not isinstance(bearer, str):
            return await self._authorise_proved(call, bearer, permissions)
        try:
            checked = await self.check(bearer, call.address)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge(checked, permissions)

    async def _authorise_proved(self, call: Call, token: DpopToken, permissions: Sequence[str]) -> Access:
        proof = self._gate.prove(call, token, self.trusted_proxies)
        try:
            checked = await self.check(token.text, call.address, proof.jkt)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge_proved(checked, proof, call, permissions)


class WaitingDeciding(_KnowsPermissions, ABC):
    """Decides calls by a check that its caller waits for."""

    @abstractmethod
    def check(self, bearer: str, address: str | None = None, jkt: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. What it raises is never a yes.

        `jkt` is the thumbprint of the key that the caller has proved to hold.
        """

    def authorise(
        self,
        authorization: Sequence[str],
        permissions: str | Iterable[str] = (),
        *,
        address: str | None = None,
        query: str = "",
        proof: ProvedRequest | None = None,
    ) -> Access:
        """Do what `AsyncDeciding.authorise` does, waiting for it. Raises CallRefusedError."""
        return self.authorise_call(Call(authorization, query, address, proof), names_of(permissions))

    def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Do what `authorise` does, for a call as the adapters read it. Raises CallRefusedError."""
        bearer = self._gate.read(call)
        if not isinstance(bearer, str):
            return self._authorise_proved(call, bearer, permissions)
        try:
            checked = self.check(bearer, call.address)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge(checked, permissions)

    def _authorise_proved(self, call: Call, token: DpopToken, permissions: Sequence[str]) -> Access:
        proof = self._gate.prove(call, token, self.trusted_proxies)
        try:
            checked = self.check(token.text, call.address, proof.jkt)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge_proved(checked, proof, call, permissions)
