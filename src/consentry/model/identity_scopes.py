"""The identity scopes as entries of a catalog: what a user is asked when an app wants to know who they are.

They stand for no permission of the product's, so that a user can always approve them.
"""

from consentry.model.catalog import Catalog
from consentry.model.catalog_entry import ScopeEntry
from consentry.oauth.identity_scopes import CLAIMS_OF_SCOPE

_TITLES = {
    "openid": "Know that it is you who signs in",
    "profile": "See your name, and what else your profile says of you",
    "email": "See your e-mail address",
    "address": "See your postal address",
    "phone": "See your telephone number",
    "offline_access": "Stay connected while you are not using it",
}


def with_identity_scopes(catalog: Catalog) -> Catalog:
    """Return the catalog with the scopes of OpenID Connect after its own."""
    entries = {name: ScopeEntry(name, _TITLES[name], frozenset(), (), ()) for name in CLAIMS_OF_SCOPE}
    return Catalog(catalog.permissions, {**catalog.scopes, **entries}, catalog.roles)
