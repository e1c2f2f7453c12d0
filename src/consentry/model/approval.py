"""What was approved and still stands: the consent's side of the intersection.

    approved = expand(scope of the token ∩ scope of the connection now ∩ scopes of the app now)

Memoised by content: the same three texts always stand for the same permissions under one catalog.
"""

from dataclasses import dataclass

from consentry.model.catalog import Catalog
from consentry.oauth.scope import Scope

_MEMO_MOST = 8192


@dataclass(frozen=True, slots=True)
class Approval:
    """The scope that stands, and the permissions that it stands for."""

    scope: Scope
    permissions: frozenset[str]


class ApprovalBook:
    """Turns the stored texts of scopes into what they approve, under one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._memo: dict[tuple[str, str, str], Approval] = {}
        self._covered: dict[tuple[frozenset[str], frozenset[str]], Scope] = {}

    def approved(self, token_scope: str, connection_scope: str, app_scope: str) -> Approval:
        """Return what all three let through; each is a stored scope, tokens separated by one space."""
        key = (token_scope, connection_scope, app_scope)
        found = self._memo.get(key)
        if found is None:
            scope = Scope(
                frozenset(token_scope.split()) & frozenset(connection_scope.split()) & frozenset(app_scope.split())
            )
            found = Approval(scope, self.catalog.expand(scope.tokens))
            if len(self._memo) >= _MEMO_MOST:
                self._memo.clear()
            self._memo[key] = found
        return found

    def still_covered(self, scope: Scope, held: frozenset[str]) -> Scope:
        """Return the scopes that still give at least one permission, under what the member holds now.

        A scope that stands for none, as those of OpenID Connect do, lacks nothing.
        """
        key = (scope.tokens, held)
        found = self._covered.get(key)
        if found is None:
            known = self.catalog.scopes
            covered = (
                token
                for token in scope.tokens
                if token in known and (not known[token].permissions or known[token].permissions & held)
            )
            found = Scope(frozenset(covered))
            if len(self._covered) >= _MEMO_MOST:
                self._covered.clear()
            self._covered[key] = found
        return found
