"""Which permissions a call needs, by its method and path: what a gateway's API declares in its routes file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from consentry.model.request_path import AmbiguousRequestError
from consentry.oauth.protected_resource import ProtectedResource

Segments: TypeAlias = tuple[str | None, ...]
"""The parts of a pattern between slashes; None stands for any one part."""

ANY_METHOD = "*"


@dataclass(frozen=True, slots=True)
class GuardRoute:
    """One line of the file: calls of `method` whose path has the form of `segments`, with more after it if `open_end`.

    A public route asks for no credential; another one for a working credential that may do all of `permissions`.
    """

    text: str
    method: str
    segments: Segments
    open_end: bool
    public: bool
    permissions: tuple[str, ...]

    def takes(self, method: str) -> bool:
        """Tell whether the route is about the method. What is said of GET holds for HEAD: RFC 9110 §9.3.2."""
        return self.method in {ANY_METHOD, method} or (self.method == "GET" and method == "HEAD")

    def fits(self, path: Sequence[str]) -> bool:
        """Tell whether the path has the form of the route, letter for letter."""
        return self._has_length(path) and all(
            part is None or part == given for part, given in zip(self.segments, path, strict=False)
        )

    def fits_but_for_case(self, path: Sequence[str]) -> bool:
        """Tell whether the path has the form of the route for a server that does not look at case."""
        return self._has_length(path) and all(
            part is None or part.casefold() == given.casefold()
            for part, given in zip(self.segments, path, strict=False)
        )

    def hides(self, later: "GuardRoute") -> bool:
        """Tell whether no call would ever reach `later` behind this route."""
        if not self.takes(later.method) or (later.open_end and not self.open_end):
            return False
        shortest = len(self.segments)
        same_length = len(later.segments) >= shortest if self.open_end else len(later.segments) == shortest
        return same_length and all(
            part is None or part == other for part, other in zip(self.segments, later.segments, strict=False)
        )

    def _has_length(self, path: Sequence[str]) -> bool:
        return len(path) >= len(self.segments) if self.open_end else len(path) == len(self.segments)


@dataclass(frozen=True, slots=True)
class GuardRoutes:
    """The routes of the API behind a gateway, in the order of the file; the first that fits counts.

    `resource` is the API's RFC 8707 identifier: a token that was issued for another API is refused, and a refusal tells
    a client where to read how it connects, `scopes` being those to begin with (RFC 9728). Where there is an
    `identity_audience`, the API is also told who calls in a signed JWT with that `aud`.
    """

    routes: tuple[GuardRoute, ...] = ()
    resource: str | None = None
    identity_audience: str | None = None
    scopes: tuple[str, ...] = ()

    @property
    def protected_resource(self) -> ProtectedResource | None:
        """The API as its clients address it, if the file names it."""
        return None if self.resource is None else ProtectedResource(self.resource, self.scopes)

    def find(self, method: str, path: Sequence[str]) -> GuardRoute | None:
        """Return the first route that is about the call, or None: such a call is refused.

        Raises AmbiguousRequestError where an earlier route would count if the API behind did not look at case.
        """
        for route in self.routes:
            if not route.takes(method):
                continue
            if route.fits(path):
                return route
            if route.fits_but_for_case(path):
                raise AmbiguousRequestError(f"Send the path in the capital and small letters of {route.text}.")
        return None
