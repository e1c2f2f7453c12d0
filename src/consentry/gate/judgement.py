"""One operation may need several permissions: what stands in its way, seen as a whole. Pure."""

from collections.abc import Sequence

from consentry.model.access import Access, Reason, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.scope import Scope


def find_refusal(access: Access, permissions: Sequence[str], catalog: Catalog) -> Refused | None:
    """Return None if `access` may do all of `permissions` now, else the refusal that its app can act on.

    What asking again cannot mend comes first: while the user's own permission is missing, an app that sends the user
    back to the consent screen goes round in circles. Otherwise every scope that the operation needs is named at once,
    so that the app asks once.
    """
    if access.permissions.issuperset(permissions):
        return None
    answers = [access.decide(permission, catalog) for permission in permissions]
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    final = next((refusal for refusal in refusals if not refusal.scopes), None)
    if final is not None or len(permissions) == 1:
        return final or refusals[0]
    missing = " ".join(refusal.permission or "" for refusal in refusals)
    needed = frozenset(name for refusal in refusals for name in refusal.scopes) | _in_use(access, permissions, catalog)
    scopes = Scope(needed)
    sentence = f"The user has not approved scopes that cover {missing.replace(' ', ', ')}. Ask for {scopes}."
    return Refused(Reason.SCOPE_NOT_GRANTED, sentence, missing, scopes)


def find_scopes(permissions: Sequence[str], catalog: Catalog) -> tuple[str, ...] | None:
    """Return scopes that together cover all of `permissions`, none of them in vain; None where no scopes do."""
    narrowest = [catalog.scopes_granting(permission)[:1] for permission in permissions]
    if not all(narrowest):
        return None
    chosen = sorted({name for names in narrowest for name in names}, key=lambda name: len(catalog.expand([name])))
    for name in tuple(chosen):
        others = [other for other in chosen if other != name]
        if catalog.expand(others).issuperset(permissions):
            chosen = others
    return tuple(sorted(chosen))


def _in_use(access: Access, permissions: Sequence[str], catalog: Catalog) -> frozenset[str]:
    """Return one approved scope for each permission that is allowed already: an app may ask for exactly what we say."""
    approved = frozenset(access.scope or ())
    granting = (
        (name for name in catalog.scopes_granting(permission) if name in approved)
        for permission in permissions
        if permission in access.permissions
    )
    return frozenset(name for names in granting for name in list(names)[:1])
