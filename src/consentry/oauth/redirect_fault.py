"""What is wrong with an address that somebody registers as a redirect URI. RFC 6749 §3.1.2, RFC 9700 §2.1."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote

from consentry.oauth.private_scheme import is_private_use, names_its_owner
from consentry.oauth.uri import Uri

MAX_LENGTH = 2000
"""Longest redirect URI, in characters."""

RESPONSE_PARAMETERS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
"""The names that an authorization response adds to the query. RFC 6749 §4.1.2, RFC 9207 §2."""


@dataclass(frozen=True, slots=True)
class RedirectFault:
    """Why an address may not be a redirect URI: the part at fault, and a sentence for a person."""

    part: Literal["scheme", "userinfo", "fragment", "malformed"]
    sentence: str


def _malformed(sentence: str) -> RedirectFault:
    return RedirectFault("malformed", sentence)


def _has_dot_segment(uri: Uri) -> bool:
    # `..;x` and `..%2f` too: servers that drop path parameters, or decode before they split, climb with them.
    segments = unquote(uri.path).replace("\\", "/").split("/")
    return any(segment.partition(";")[0] in {".", ".."} for segment in segments)


def _holds_response_parameter(uri: Uri) -> bool:
    return any(name in RESPONSE_PARAMETERS for name, _ in parse_qsl(uri.query or "", keep_blank_values=True))


_TEXT_RULES: tuple[tuple[Callable[[str], object], RedirectFault], ...] = (
    (lambda text: not text, _malformed("The address is empty.")),
    (
        lambda text: len(text) > MAX_LENGTH,
        _malformed(f"The address is longer than {MAX_LENGTH} characters."),
    ),
    (
        re.compile(r"\s").search,
        _malformed("The address contains a space or a line break. Write %20 for a space."),
    ),
    (re.compile(r"[\x00-\x1F\x7F]").search, _malformed("The address contains a control character.")),
    (
        re.compile(r"[^\x00-\x7F]").search,
        _malformed(
            "The address contains a letter outside ASCII. Write the host in its xn-- form and percent-encode the rest."
        ),
    ),
    (re.compile(r"\\").search, _malformed("The address contains a backslash. Write a slash.")),
    (
        re.compile(r"\*").search,
        _malformed("The address contains a wildcard. Register each address in full."),
    ),
    (
        re.compile(r"""["<>^`{|}]""").search,
        _malformed("The address contains a character that must be percent-encoded in a URL."),
    ),
    (
        re.compile(r"%(?![0-9A-Fa-f]{2})").search,
        _malformed("The address has a percent sign that is not followed by two hexadecimal digits."),
    ),
    (
        re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])").search,
        _malformed("The address contains an encoded control character."),
    ),
)

_END_RULES: tuple[tuple[Callable[[Uri], bool], RedirectFault], ...] = (
    (
        _has_dot_segment,
        _malformed("The path contains a . or .. segment. Write the path that it stands for."),
    ),
    (
        _holds_response_parameter,
        _malformed(
            "The query already holds a parameter that the answer will add. Leave out code, state, iss and error."
        ),
    ),
)

_COMPONENT_RULES: tuple[tuple[Callable[[Uri], bool], RedirectFault], ...] = (
    (lambda uri: uri.scheme is None, _malformed("The address is not complete. Begin it with https://.")),
    (
        lambda uri: (uri.scheme or "").lower() not in {"https", "http"},
        RedirectFault(
            "scheme",
            "The address must begin with https://, or with http:// on localhost, 127.0.0.1 or [::1].",
        ),
    ),
    (
        lambda uri: uri.fragment is not None,
        RedirectFault("fragment", "The address contains a fragment. Leave out the # and what follows it."),
    ),
    (
        lambda uri: uri.userinfo is not None,
        RedirectFault("userinfo", "The address contains a user name. Leave out the @ and what stands before it."),
    ),
    (lambda uri: not uri.host, _malformed("The address has no host. Write it after the two slashes.")),
    (
        lambda uri: not uri.has_valid_host,
        _malformed("The host of the address is neither a valid name nor a complete IP address."),
    ),
    (
        lambda uri: not uri.has_valid_port,
        _malformed("The port of the address is not a number from 1 to 65535."),
    ),
    (
        lambda uri: (uri.scheme or "").lower() == "http" and not uri.is_loopback_http,
        RedirectFault(
            "scheme",
            "Plain http:// is allowed on localhost, 127.0.0.1 and [::1] only. Use https:// for other hosts.",
        ),
    ),
    *_END_RULES,
)

_PRIVATE_SCHEME_RULES: tuple[tuple[Callable[[Uri], bool], RedirectFault], ...] = (
    *(rule for rule in _COMPONENT_RULES if rule[1].part in {"fragment", "userinfo"}),
    (
        lambda uri: not names_its_owner(uri),
        RedirectFault(
            "scheme",
            "A private scheme must name its owner: com.example.app:/callback, or app://name.of-the-app/callback.",
        ),
    ),
    (
        lambda uri: not uri.path and uri.host is None,
        _malformed("The address has nothing behind its scheme. Write a path."),
    ),
    (
        lambda uri: bool(uri.host) and not (uri.has_valid_host and uri.has_valid_port),
        _malformed("What stands behind the two slashes is not a valid name."),
    ),
    *_END_RULES,
)


def find_redirect_fault(uri: str, *, private_schemes: bool = False) -> RedirectFault | None:
    """Return the first fault of `uri`, or None if it may be registered. Takes linear time.

    Choice: what is not on the allow-list is refused (https anywhere, http on this computer), and so is every spelling
    that two URL parsers may read differently. With `private_schemes` an app on the user's own device may also have a
    scheme of its own (RFC 8252 §7.1). No sentence repeats any of the address. *Source:* RFC 9700 §4.1.3.
    """
    for breaks_text_rule, fault in _TEXT_RULES:
        if breaks_text_rule(uri):
            return fault
    components = Uri.parse(uri)
    rules = _PRIVATE_SCHEME_RULES if private_schemes and is_private_use(components) else _COMPONENT_RULES
    return next((fault for breaks_rule, fault in rules if breaks_rule(components)), None)
