"""Why the address that an app sent is none of its registered ones. RFC 6749 §4.1.2.1, RFC 9700 §2.1."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from consentry.oauth.redirect_fault import MAX_LENGTH, find_redirect_fault
from consentry.oauth.uri import Uri


class MismatchPart(StrEnum):
    """The part of a redirect URI in which the address sent and the closest registered one differ."""

    SCHEME = "scheme"
    HOST = "host"
    PORT = "port"
    PATH = "path"
    TRAILING_SLASH = "trailing_slash"
    QUERY = "query"
    FRAGMENT = "fragment"
    USERINFO = "userinfo"
    CASE = "case"
    MALFORMED = "malformed"
    NONE_REGISTERED = "none_registered"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What did not match.

    `sentence` may be shown to anybody: it is one of a fixed list and says nothing of the registered addresses but how
    they differ from the one sent. `owner_sentence` quotes both, and `closest` is the registered address: for
    those who may see the app's registration.
    """

    part: MismatchPart
    sentence: str
    owner_sentence: str
    closest: str | None


def explain_mismatch(registered: Sequence[str], given: str) -> Mismatch:
    """Explain why `given` matches none of `registered`, by the closest of them. To be asked when nothing matched.

    Takes time linear in the lengths of the addresses.
    """
    if not registered:
        sentence = "The app has no redirect address registered."
        return Mismatch(MismatchPart.NONE_REGISTERED, sentence, sentence, None)
    sent = Uri.parse(given)
    closest = max(registered, key=lambda uri: _closeness(Uri.parse(uri), sent, uri, given))
    part, sentence = _find_difference(Uri.parse(closest), sent, closest, given)
    owner_sentence = f"{sentence} Sent: {given} · Registered: {closest}"
    return Mismatch(part, sentence, owner_sentence, closest)


def _closeness(registered: Uri, sent: Uri, registered_text: str, sent_text: str) -> tuple[bool | int, ...]:
    return (
        registered_text.lower() == sent_text.lower(),
        _lower(registered.host) == _lower(sent.host),
        registered.path.rstrip("/").lower() == sent.path.rstrip("/").lower(),
        _lower(registered.scheme) == _lower(sent.scheme),
        registered.port == sent.port or registered.is_loopback_http,
        registered.query == sent.query,
        _common_prefix_length(registered_text, sent_text[:MAX_LENGTH]),
    )


def _find_difference(registered: Uri, sent: Uri, registered_text: str, sent_text: str) -> tuple[MismatchPart, str]:
    fault = find_redirect_fault(sent_text)
    if fault is not None and fault.part != "scheme":
        return MismatchPart(fault.part), f"The address sent cannot be a redirect address. {fault.sentence}"
    if registered_text.lower() == sent_text.lower():
        return MismatchPart.CASE, "The address does not match: capital and small letters differ."
    return _find_authority_difference(registered, sent) or _find_rest_difference(registered, sent)


def _find_authority_difference(registered: Uri, sent: Uri) -> tuple[MismatchPart, str] | None:
    if _lower(registered.host) != _lower(sent.host):
        return MismatchPart.HOST, _host_sentence(registered, sent)
    if _lower(registered.scheme) != _lower(sent.scheme):
        return MismatchPart.SCHEME, _scheme_sentence(sent)
    if registered.port != sent.port and not registered.is_loopback_http:
        return MismatchPart.PORT, _presence_sentence("port", registered.port, sent.port)
    return None


def _find_rest_difference(registered: Uri, sent: Uri) -> tuple[MismatchPart, str]:
    if registered.path != sent.path:
        return _find_path_difference(registered.path, sent.path)
    if registered.query != sent.query:
        return MismatchPart.QUERY, _presence_sentence("query", registered.query, sent.query)
    # Only an address that was registered before today's rules, or one on this computer, gets as far as here.
    if registered.userinfo != sent.userinfo:
        return MismatchPart.USERINFO, _presence_sentence("user name", registered.userinfo, sent.userinfo)
    if registered.fragment != sent.fragment:
        return MismatchPart.FRAGMENT, _presence_sentence("fragment", registered.fragment, sent.fragment)
    return MismatchPart.CASE, "The address does not match: capital and small letters differ."


def _host_sentence(registered: Uri, sent: Uri) -> str:
    if registered.is_loopback_http and sent.is_loopback_http:
        return "The host does not match: the two addresses name the user's own computer in different ways."
    return "The host does not match: the address sent has another host than the registered one."


def _scheme_sentence(sent: Uri) -> str:
    if _lower(sent.scheme) == "http":
        return "The scheme does not match: the address sent begins with http:// and the registered one does not."
    if _lower(sent.scheme) == "https":
        return "The scheme does not match: the address sent begins with https:// and the registered one does not."
    return "The scheme does not match: the address sent begins with neither https:// nor http://."


def _find_path_difference(registered: str, sent: str) -> tuple[MismatchPart, str]:
    if registered + "/" == sent:
        return (
            MismatchPart.TRAILING_SLASH,
            "The path does not match: the address sent ends in a slash and the registered one does not.",
        )
    if registered == sent + "/":
        return (
            MismatchPart.TRAILING_SLASH,
            "The path does not match: the registered address ends in a slash and the one sent does not.",
        )
    if registered.lower() == sent.lower():
        return MismatchPart.CASE, "The path does not match: capital and small letters differ."
    return MismatchPart.PATH, "The path does not match: the address sent has another path than the registered one."


def _presence_sentence(name: str, registered: str | None, sent: str | None) -> str:
    if registered is None:
        return f"The {name} does not match: the address sent has a {name} and the registered one has none."
    if sent is None:
        return f"The {name} does not match: the registered address has a {name} and the one sent has none."
    return f"The {name} does not match: the address sent has another {name} than the registered one."


def _common_prefix_length(one: str, other: str) -> int:
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
