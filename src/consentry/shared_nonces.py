"""The nonces of an installation: the server and the guards beside it hand out the same ones. RFC 9449 §8, §9."""

from consentry.oauth.dpop_nonce import DpopNonces
from consentry.secret_key import derive_key
from consentry.settings import Settings


def nonces_of(settings: Settings) -> DpopNonces | None:
    """Return the nonces that proofs must hold, or None where the settings ask for none."""
    return DpopNonces(derive_key(settings.secret_key, "dpop nonces")) if settings.dpop_nonces else None
