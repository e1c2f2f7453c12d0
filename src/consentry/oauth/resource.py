"""Resource indicators: for which API a token is meant. RFC 8707 §2."""

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.uri import Uri

MAX_RESOURCES = 10
"""Most resources in one request."""

MAX_LENGTH = 2000
"""Longest resource identifier, in characters."""


def parse_resource(parameters: Parameters) -> tuple[str, ...]:
    """Return the resources asked for, each once, in the order sent.

    Raises OAuthError(INVALID_TARGET) for one that is not an absolute URI without a fragment. *Source:* RFC 8707 §2.
    """
    sent = parameters.all("resource")
    if not sent:
        return ()
    resources = tuple(dict.fromkeys(sent))
    if len(resources) > MAX_RESOURCES:
        raise OAuthError(ErrorCode.INVALID_TARGET, f"The request names more than {MAX_RESOURCES} resources.")
    if not all(is_resource_identifier(resource) for resource in resources):
        raise OAuthError(ErrorCode.INVALID_TARGET, "The parameter resource must be an absolute URI without a fragment.")
    return resources


def is_resource_identifier(resource: str) -> bool:
    """Return whether the text is an absolute URI without a fragment. *Source:* RFC 8707 §2."""
    uri = Uri.parse(resource)
    is_visible = resource.isascii() and resource.isprintable() and " " not in resource
    return len(resource) <= MAX_LENGTH and is_visible and bool(uri.scheme) and uri.fragment is None


def is_same_resource(one: str, other: str) -> bool:
    """Return whether two identifiers name the same API: equal, or the root of a host with and without its slash.

    Choice: nothing else is normalised; clients are known to drop or add that one slash. *Source:* RFC 3986 §6.2.3.

    >>> is_same_resource("https://api.example.com", "https://api.example.com/")
    True
    """
    if one == other:
        return True
    return one.rstrip("/") == other.rstrip("/") and {Uri.parse(one).path, Uri.parse(other).path} == {"", "/"}


def is_bound_to_all(resource: str | None, asked: tuple[str, ...]) -> bool:
    """Return whether what was authorised for `resource`, or for none, may be asked for these. *Source:* RFC 8707 §2.2.

    >>> is_bound_to_all(None, ("https://api.example.com",))
    False
    """
    if not asked:
        return True
    return resource is not None and all(is_same_resource(resource, one) for one in asked)
