"""What a request of an app that registered itself asks for, whatever it says. RFC 6749 §3.3."""

from consentry.model.app import App
from consentry.model.catalog import Catalog
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.scope import Scope


def tolerated(app: App, asked: Scope, declared: Scope, catalog: Catalog) -> Scope:
    """Return what of `asked` the app may ask for, or its baseline where it asks for nothing in particular.

    What is unknown or not allowed is dropped, because programs ask for whatever they once read (MCP C-23); the token
    answer tells what was granted. Raises OAuthError(INVALID_SCOPE) where nothing is left.
    """
    if not asked:
        return baseline_of(app, declared, catalog)
    left = asked & declared
    if not left:
        raise OAuthError(ErrorCode.INVALID_SCOPE, "Nothing of what the app asks for is there for it to have.")
    return left


def baseline_of(app: App, allowed: Scope, catalog: Catalog) -> Scope:
    """Return what a request without `scope` asks for: what was named at registration, else what only reads.

    *Source:* RFC 6749 §3.3; Choice: little, because such an app asks again for more when it needs it.
    """
    named = Scope.parse(app.metadata.scope) & allowed
    if named:
        return named
    reading = Scope(frozenset(name for name in allowed if catalog.scopes[name].access == "view"))
    return reading or allowed
