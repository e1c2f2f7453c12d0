"""The one URI parser: it splits any text into the components of RFC 3986 §3 and loses nothing."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The hosts on which plain http is allowed. RFC 8252 §7.3 and §8.3."""

_MAX_PORT = 65535
_MAX_HOST_LENGTH = 253
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Uri:
    """The components of a URI as written; None means that the delimiter itself is absent."""

    scheme: str | None
    userinfo: str | None
    host: str | None
    port: str | None
    path: str
    query: str | None
    fragment: str | None

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Split `text`. Never fails: whether the components are any good is for the caller to ask.

        >>> Uri.parse("https://client.test:8443/cb?a=1").port
        '8443'
        """
        rest, hash_sign, fragment = text.partition("#")
        rest, question_mark, query = rest.partition("?")
        scheme, colon, after = rest.partition(":")
        has_scheme = bool(colon) and "/" not in scheme
        path = after if has_scheme else rest
        userinfo = host = port = None
        if path.startswith("//"):
            authority, slash, after = path[2:].partition("/")
            path = slash + after
            before, at_sign, authority = authority.rpartition("@")
            userinfo = before if at_sign else None
            host, port = _host_and_port(authority)
        return cls(
            scheme=scheme if has_scheme else None,
            userinfo=userinfo,
            host=host,
            port=port,
            path=path,
            query=query if question_mark else None,
            fragment=fragment if hash_sign else None,
        )

    def __str__(self) -> str:
        parts = [] if self.scheme is None else [self.scheme, ":"]
        if self.host is not None:
            parts += ["//", "" if self.userinfo is None else f"{self.userinfo}@", self.host]
            parts += [] if self.port is None else [":", self.port]
        parts.append(self.path)
        parts += [] if self.query is None else ["?", self.query]
        parts += [] if self.fragment is None else ["#", self.fragment]
        return "".join(parts)

    @property
    def is_loopback_http(self) -> bool:
        """Whether this is plain http to the user's own computer, by one of its three exact names. RFC 8252 §7.3."""
        return (self.scheme or "").lower() == "http" and (self.host or "").lower() in LOOPBACK_HOSTS

    @property
    def has_valid_port(self) -> bool:
        """Whether the port is absent, or a number from 1 to 65535 without leading zeros."""
        return self.port is None or (_PORT.fullmatch(self.port) is not None and int(self.port) <= _MAX_PORT)

    @property
    def has_valid_host(self) -> bool:
        """Whether the host is a DNS name, a dotted IPv4 address or a bracketed IPv6 address.

        Choice: stricter than RFC 3986 §3.2.2. Shorthand numbers such as `127.1` or `0x7f.1`, which browsers turn into
        addresses, and percent-encoded hosts are refused, so that the host shown is the host reached.
        """
        host = (self.host or "").lower()
        try:
            if host.startswith("[") and host.endswith("]"):
                IPv6Address(host[1:-1])
                return "%" not in host
            labels = host.split(".")
            if _NUMERIC_LABEL.fullmatch(labels[-1]):
                IPv4Address(host)
                return True
        except AddressValueError:
            return False
        return len(host) <= _MAX_HOST_LENGTH and all(_LABEL.fullmatch(label) for label in labels)


def _host_and_port(text: str) -> tuple[str, str | None]:
    # The colons of a bracketed IPv6 address are not port delimiters.
    bracket = text.rfind("]")
    colon = text.find(":", bracket + 1)
    return (text, None) if colon < 0 else (text[:colon], text[colon + 1 :])
