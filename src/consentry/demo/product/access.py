"""What the product needs of a guard: a dependency per permission that yields who is asking, and for whom."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias


class Access(Protocol):
    """Whose data may be touched, and by whom. Consentry's own `Access` has these and more."""

    @property
    def organisation_id(self) -> str:
        """The organisation whose data the call is about."""
        ...

    @property
    def user_id(self) -> str:
        """The user on whose behalf the call is made."""
        ...


Require: TypeAlias = Callable[[str], Callable[..., Any]]
"""`require("invoice.read")` is a FastAPI dependency that yields an `Access`, or refuses the call."""
