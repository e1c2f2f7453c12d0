"""From a call to an access, around whatever check a guard has: the one place that fails closed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from consentry.gate.answer import CallRefusedError
from consentry.gate.call import Call
from consentry.gate.gate import Gate, names_of
from consentry.model.access import Access, Refused
from consentry.oauth.protected_resource import ProtectedResource


class _KnowsPermissions:
    """What both kinds of guard have: the gate around their check."""

    _gate: Gate

    def require_known(self, permissions: Sequence[str]) -> None:
        """Return if the catalog declares all of `permissions`; raises UnknownPermissionError, at start-up."""
        self._gate.require_known(permissions)

    def judge(self, access: Access, permissions: Sequence[str]) -> Access:
        """Return `access` if it may do all of `permissions`; raises CallRefusedError with the answer to send.

        For a call whose needs show only when it is read further. `access` must be that of this very call.
        """
        return self._gate.judge(access, permissions)

    def refuse(self, refused: Refused) -> CallRefusedError:
        """Return the refusal of a call for a reason that the adapter found, worded as every other."""
        return self._gate.refusal(refused)

    @property
    def resource(self) -> ProtectedResource | None:
        """The API that is guarded, as its clients address it; None where every token of the server is good."""
        return self._gate.resource


class AsyncDeciding(_KnowsPermissions, ABC):
    """Decides calls by an asynchronous check. Sets `_gate` when it is made."""

    @abstractmethod
    async def check(self, bearer: str, address: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. What it raises is never a yes."""

    async def authorise(
        self,
        authorization: Sequence[str],
        permissions: str | Iterable[str] = (),
        *,
        address: str | None = None,
        query: str = "",
    ) -> Access:
        """Return the access of a call that may do all of `permissions` now; of none, any working credential will do.

        `authorization` holds the value of every `Authorization` header, `query` the query string as it was sent.

        Raises CallRefusedError with the answer to send, also when the check itself fails: nobody gets in unchecked.
        """
        return await self.authorise_call(Call(authorization, query, address), names_of(permissions))

    async def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Do what `authorise` does, for a call as the adapters read it. Raises CallRefusedError."""
        bearer = self._gate.read(call)
        try:
            checked = await self.check(bearer, call.address)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge(checked, permissions)


class WaitingDeciding(_KnowsPermissions, ABC):
    """Decides calls by a check that its caller waits for. Sets `_gate` when it is made."""

    @abstractmethod
    def check(self, bearer: str, address: str | None = None) -> Access | Refused:
        """Return what the credential may do now, or why nothing. What it raises is never a yes."""

    def authorise(
        self,
        authorization: Sequence[str],
        permissions: str | Iterable[str] = (),
        *,
        address: str | None = None,
        query: str = "",
    ) -> Access:
        """Do what `AsyncDeciding.authorise` does, waiting for it. Raises CallRefusedError."""
        return self.authorise_call(Call(authorization, query, address), names_of(permissions))

    def authorise_call(self, call: Call, permissions: Sequence[str]) -> Access:
        """Do what `authorise` does, for a call as the adapters read it. Raises CallRefusedError."""
        bearer = self._gate.read(call)
        try:
            checked = self.check(bearer, call.address)
        except Exception as fault:
            raise self._gate.failure(fault) from fault
        return self._gate.judge(checked, permissions)
