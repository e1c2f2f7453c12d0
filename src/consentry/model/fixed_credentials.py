"""A client ID and a secret that an operator brings along: for a test suite that names them, or for a migration.

Everybody else gets both from here, where they are random.
"""

import re
from dataclasses import dataclass

from consentry.model.faults import Fault
from consentry.model.secret import CredentialKind, Secret, digest, identify

CLIENT_ID_LENGTH = 64
SECRET_LENGTHS = (32, 500)

# RFC 6749 appendix A.1 allows more; these survive every URL, form and log as they are.
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# What this server gives out itself, or takes for something else.
_OWN = ("app_", "res_", "shared_", "cst_")
_VISIBLE = re.compile(r"[\x21-\x7E]+")
_DISTINCT_LEAST = 12
_LIKE_OURS = "cst_"


@dataclass(frozen=True, slots=True)
class FixedCredentials:
    """What was brought along; None leaves the choice to the server."""

    client_id: str | None = None
    client_secret: Secret | None = None


def find_fixed_faults(given: FixedCredentials, *, is_public: bool) -> tuple[Fault, ...]:
    """Return everything that is wrong with them."""
    faults = []
    client_id, secret = given.client_id, given.client_secret
    if client_id is not None and (
        len(client_id) > CLIENT_ID_LENGTH or not _CLIENT_ID.fullmatch(client_id) or client_id.startswith(_OWN)
    ):
        faults.append(
            Fault(
                "client_id",
                f"Write at most {CLIENT_ID_LENGTH} letters, digits or _ - characters, and begin with none of "
                f"{', '.join(_OWN)}.",
            )
        )
    if secret is not None and is_public:
        faults.append(Fault("client_secret", "A public app has no secret."))
    elif secret is not None and not _is_strong(secret.reveal()):
        faults.append(
            Fault(
                "client_secret",
                f"Bring a random secret of {SECRET_LENGTHS[0]} to {SECRET_LENGTHS[1]} visible ASCII characters, such "
                "as the output of: openssl rand -base64 36",
            )
        )
    return tuple(faults)


def secret_digest(text: str) -> bytes | None:
    """Return the digest under which a client secret is kept: ours by its random part, another by all of it.

    SHA-256 is enough because what is kept is random, not chosen (RFC 6819 §5.1.4.1.3). None for what cannot be one.
    """
    identified = identify(text, CredentialKind.CLIENT_SECRET)
    if identified is not None:
        return identified[1]
    return digest(Secret(text)) if _VISIBLE.fullmatch(text) and not text.startswith(_LIKE_OURS) else None


def _is_strong(text: str) -> bool:
    shortest, longest = SECRET_LENGTHS
    right = shortest <= len(text) <= longest and len(set(text)) >= _DISTINCT_LEAST
    return right and secret_digest(text) is not None
