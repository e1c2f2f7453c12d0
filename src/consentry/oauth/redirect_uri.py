"""Redirect URIs: which may be registered, which match, and the response sent to one.

RFC 6749 §3.1.2 and §4.1.2, RFC 8252 §7.3, RFC 9700 §2.1 and §4.1.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from consentry.oauth.redirect_fault import MAX_LENGTH, find_redirect_fault
from consentry.oauth.redirect_mismatch import Mismatch, MismatchPart, explain_mismatch
from consentry.oauth.uri import Uri

__all__ = [
    "MAX_LENGTH",
    "Mismatch",
    "MismatchPart",
    "explain_mismatch",
    "find_fault",
    "find_match",
    "host_of",
    "is_loopback",
    "is_web",
    "matches",
    "origin_of",
    "response_uri",
    "shown_target",
]


def find_fault(uri: str) -> str | None:
    """Return a sentence that says why `uri` may not be registered, or None if it may. *Source:* RFC 6749 §3.1.2.

    >>> find_fault("https://client.test/cb#top")
    'The address contains a fragment. Leave out the # and what follows it.'
    """
    fault = find_redirect_fault(uri)
    return None if fault is None else fault.sentence


def matches(registered: str, given: str) -> bool:
    """Return whether `given` is the registered address, character by character.

    Only the port of an http address on the user's own computer may vary, as a native app takes whichever is free
    (Choice: on the name localhost too, which RFC 8252 §8.3 allows but does not recommend).
    *Source:* RFC 9700 §2.1, RFC 8252 §7.3.
    """
    if registered == given:
        return True
    expected = Uri.parse(registered)
    # The port is the only part that is not compared, so the address must be sound for the rest to mean what it says.
    if not expected.is_loopback_http or find_redirect_fault(given) is not None:
        return False
    return replace(expected, port=None) == replace(Uri.parse(given), port=None)


def find_match(registered: Sequence[str], given: str) -> str | None:
    """Return the registered address that `given` matches, the identical one first, or None."""
    if given in registered:
        return given
    return next((uri for uri in registered if matches(uri, given)), None)


def response_uri(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """Return `redirect_uri`, its own query kept as it is, with `parameters` added to the query.

    Every character but the unreserved ones is percent-encoded (a space as %20, which form decoders and plain percent
    decoders read alike), so a `state` comes back byte for byte. The URI must be a registered one; raises ValueError
    for a fragment, behind which the parameters would be lost. *Source:* RFC 6749 §4.1.2.

    >>> response_uri("https://client.test/cb?tab=1", {"code": "a b"})
    'https://client.test/cb?tab=1&code=a%20b'
    """
    uri = Uri.parse(redirect_uri)
    if uri.fragment is not None:
        raise ValueError("a redirect URI has no fragment")
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items()]
    return str(replace(uri, query="&".join([uri.query, *added] if uri.query else added)))


def host_of(uri: str) -> str:
    """Return the host that the consent screen shows, in small letters, without the port; "" if there is none."""
    return (Uri.parse(uri).host or "").lower()


def shown_target(uri: str) -> str:
    """Return what tells a person where they are sent: the host, or the scheme of an app on their own device.

    >>> shown_target("com.example.app:/callback")
    'com.example.app:'
    """
    return host_of(uri) if is_web(uri) else f"{Uri.parse(uri).scheme}:"


def is_web(uri: str) -> bool:
    """Return whether this is https, or http on the user's own computer; otherwise it has a private scheme."""
    return (Uri.parse(uri).scheme or "").lower() in {"https", "http"}


def origin_of(uri: str) -> str:
    """Return scheme, host and port, as a Content-Security-Policy source: `https://client.test:8443`."""
    return str(replace(Uri.parse(uri), userinfo=None, path="", query=None, fragment=None)).lower()


def is_loopback(uri: str) -> bool:
    """Return whether this is plain http to the user's own computer. *Source:* RFC 8252 §7.3."""
    return Uri.parse(uri).is_loopback_http
