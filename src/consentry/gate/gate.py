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
from consentry.oauth.protected_resource import ProtectedResource
from consentry.oauth.scope import Scope

_log = Log(__name__)


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

    def __post_init__(self) -> None:
        for name in () if self.resource is None else self.resource.scopes:
            if name not in self.catalog.scopes:
                raise UnknownScopeError(f"The catalog has no scope {name!r}. {_hint(name, self.catalog.scopes)}")

    def read(self, call: Call) -> str:
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
            raise self.refusal(refused)
        return checked

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

    def refusal(self, refused: Refused) -> CallRefusedError:
        """Return the refusal of a call, worded for its caller."""
        answer = answer_refused(
            refused,
            issuer=self.issuer,
            metadata_url=self._metadata_url,
            first_scopes=self._first_scopes,
        )
        return CallRefusedError(answer, refused)

    @property
    def _metadata_url(self) -> str | None:
        return self.resource.metadata_url if self.resource is not None and self.resource.has_metadata else None

    @property
    def _first_scopes(self) -> Scope:
        # Of the API and not of the route, so that every adapter answers alike, also where one knows no route yet.
        return Scope() if self.resource is None else Scope.of(*self.resource.scopes)


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else "Declare it in the catalog."


def names_of(permissions: str | Iterable[str]) -> tuple[str, ...]:
    """Return one name, or several, as a tuple of names."""
    return (permissions,) if isinstance(permissions, str) else tuple(permissions)
