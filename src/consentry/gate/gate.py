"""What every guard does around its check, whatever makes it: read the call, judge the permissions, word the refusal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from consentry.gate.answer import CallRefusedError, answer_failure, answer_refused
from consentry.gate.call import Call, read_bearer
from consentry.gate.judgement import find_refusal
from consentry.log import Log
from consentry.model.access import Access, Refused
from consentry.model.catalog import Catalog

_log = Log(__name__)


class UnknownPermissionError(ValueError):
    """A route asks for a permission that the catalog does not declare, so nobody could ever call it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The steps before and after a check. `issuer` is where the refusals are explained."""

    catalog: Catalog
    issuer: str

    def read(self, call: Call) -> str:
        """Return the credential of the call. Raises CallRefusedError where it stands in a wrong place, or nowhere."""
        bearer = read_bearer(call)
        if isinstance(bearer, Refused):
            raise self._refusal(bearer)
        return bearer

    def judge(self, checked: Access | Refused, permissions: Sequence[str]) -> Access:
        """Return the access of a caller who may do all of `permissions`. Raises CallRefusedError for any other."""
        if isinstance(checked, Refused):
            raise self._refusal(checked)
        refused = find_refusal(checked, permissions, self.catalog)
        if refused is not None:
            raise self._refusal(refused)
        return checked

    def failure(self, fault: Exception) -> CallRefusedError:
        """Return the refusal of a call whose check failed: nobody is let in unchecked."""
        # Its text may hold data, so the log gets the kind only.
        _log.critical("check_failed", fault=type(fault).__name__)
        return CallRefusedError(answer_failure(issuer=self.issuer), None)

    def require_known(self, permissions: Sequence[str]) -> None:
        """Return if the catalog declares all of `permissions`; raises UnknownPermissionError."""
        for name in permissions:
            if name not in self.catalog.permissions:
                near = get_close_matches(name, list(self.catalog.permissions), n=1)
                hint = f"Did you mean {near[0]}?" if near else "Declare it under [permissions]."
                raise UnknownPermissionError(f"The catalog has no permission {name!r}. {hint}")

    def _refusal(self, refused: Refused) -> CallRefusedError:
        return CallRefusedError(answer_refused(refused, issuer=self.issuer), refused)


def names_of(permissions: str | Iterable[str]) -> tuple[str, ...]:
    """Return one name, or several, as a tuple of names."""
    return (permissions,) if isinstance(permissions, str) else tuple(permissions)
