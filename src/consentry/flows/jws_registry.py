"""Which JOSE algorithms are taken, and no other. RFC 7515, RFC 7518 §3.1, RFC 8725 §3.1.

To be imported where something is signed or checked, and not before: it loads the JOSE library.
"""

from collections.abc import Collection

from joserfc._rfc7515.model import JWSAlgModel
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry


class ExactAlgorithms(JWSRegistry):
    """The algorithms that it is given, whatever else the library knows.

    The library's own registry warns that `EdDSA` is also called `Ed25519` by now (RFC 9864 §4): the clients of OpenID
    Connect know the first name.
    """

    def __init__(self, algorithms: Collection[str]) -> None:
        super().__init__(algorithms=algorithms)

    def get_alg(self, name: str) -> JWSAlgModel:
        """Return the algorithm; raises UnsupportedAlgorithmError for one that is not among those given."""
        if self.allowed is None or name not in self.allowed:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]
