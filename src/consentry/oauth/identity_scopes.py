"""The scopes of OpenID Connect and the claims that each of them opens. OpenID Connect Core 1.0 §5.1, §5.4, §11."""

from collections.abc import Mapping

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"

CLAIMS_OF_SCOPE: Mapping[str, tuple[str, ...]] = {
    OPENID: (),
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
    OFFLINE_ACCESS: (),
}
"""Every identity scope, in the order in which people are shown them, with its claims."""

SCOPE_OF_CLAIM: Mapping[str, str] = {claim: scope for scope, claims in CLAIMS_OF_SCOPE.items() for claim in claims}
"""The scope under which a user approves a claim."""
