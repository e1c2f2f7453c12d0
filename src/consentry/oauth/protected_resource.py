"""What an API says about itself, so that a client finds the server whose tokens it takes. RFC 9728."""

from dataclasses import dataclass
from typing import Self

from consentry.oauth.resource import is_resource_identifier
from consentry.oauth.scope import Scope
from consentry.oauth.uri import Uri

WELL_KNOWN = "/.well-known/oauth-protected-resource"
"""Where an API's metadata stands, before the API's own path. RFC 9728 §3.1."""

OFFLINE_ACCESS = "offline_access"


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """An API as its clients address it.

    `identifier` is its RFC 8707 resource: the URL that people give to a client, to the letter. `scopes` are the few
    that a client asks for at first; whatever else a call needs is told when that call is refused.

    Raises ValueError for an identifier that is no absolute URI without a fragment, and for scopes that are none.
    """

    identifier: str
    scopes: tuple[str, ...] = ()
    name: str | None = None
    documentation: str | None = None

    def __post_init__(self) -> None:
        if not is_resource_identifier(self.identifier):
            raise ValueError(f"{self.identifier!r} is not an absolute URI without a fragment, as RFC 8707 asks for.")
        if OFFLINE_ACCESS in self.scopes:
            # It is between the client and the authorization server; an API has no use for it.
            raise ValueError(f"{OFFLINE_ACCESS} is no scope of an API: leave it out.")
        Scope.of(*self.scopes)

    @classmethod
    def of(cls, given: Self | str | None) -> Self | None:
        """Return the API that is given by its identifier, or as it is. Raises ValueError."""
        return cls(given) if isinstance(given, str) else given

    @property
    def has_metadata(self) -> bool:
        """Whether the identifier is a web address, so that there is a place for metadata. RFC 9728 §1.2.

        Choice: plain http on the user's own computer counts, as it does for the issuer.
        """
        uri = Uri.parse(self.identifier)
        return bool(uri.host) and ((uri.scheme or "").lower() == "https" or uri.is_loopback_http)

    @property
    def metadata_url(self) -> str:
        """Where the metadata is: the well-known part goes between the host and the path. RFC 9728 §3.1.

        >>> ProtectedResource("https://api.books.test/mcp").metadata_url
        'https://api.books.test/.well-known/oauth-protected-resource/mcp'
        """
        uri = Uri.parse(self.identifier)
        origin, _, _ = self.identifier.partition("://")
        port = "" if uri.port is None else f":{uri.port}"
        query = "" if uri.query is None else f"?{uri.query}"
        return f"{origin}://{uri.host}{port}{self._path_below(uri)}{query}"

    @property
    def metadata_paths(self) -> tuple[str, ...]:
        """The paths at which the API's own host serves the document: at the root too, where clients also look.

        None where there is no web address to serve from. *Source:* RFC 9728 §3.1; the authorization chapter of the
        Model Context Protocol, which has clients try both.
        """
        if not self.has_metadata:
            return ()
        return tuple(dict.fromkeys((self._path_below(Uri.parse(self.identifier)), WELL_KNOWN)))

    def document(self, issuer: str) -> dict[str, object]:
        """Return the metadata of the API, whose tokens the server at `issuer` gives out. RFC 9728 §2, §3.2."""
        document: dict[str, object] = {
            "resource": self.identifier,
            "authorization_servers": [issuer],
            # RFC 9728 §2: neither in a form nor in the address.
            "bearer_methods_supported": ["header"],
        }
        if self.scopes:
            document["scopes_supported"] = list(self.scopes)
        if self.name is not None:
            document["resource_name"] = self.name
        if self.documentation is not None:
            document["resource_documentation"] = self.documentation
        return document

    def _path_below(self, uri: Uri) -> str:
        # RFC 9728 §3.1: a slash that ends the host is removed; one that ends a path belongs to it.
        return WELL_KNOWN + ("" if uri.path == "/" else uri.path)
