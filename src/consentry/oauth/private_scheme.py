"""Schemes that an app on the user's own device has for itself: `com.example.app:/callback`. RFC 8252 §7.1 and §8.4."""

import re

from consentry.oauth.uri import Uri

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,63}")

# Schemes with a meaning of their own to a browser or a system: whatever stands behind them is not an app's callback.
_KNOWN = frozenset(
    {
        *("about", "blob", "chrome", "chrome-extension", "cid", "content", "data", "dns", "feed", "file", "filesystem"),
        *("ftp", "ftps", "geo", "git", "gopher", "http", "https", "imap", "intent", "jar", "javascript", "ldap"),
        *("ldaps", "livescript", "magnet", "mailto", "mhtml", "mid", "moz-extension", "news", "nfs", "nntp", "pop"),
        *("res", "resource", "rtsp", "search-ms", "sftp", "sip", "sips", "skype", "sms", "smb", "ssh", "tel", "telnet"),
        *("tg", "tftp", "urn", "vbs", "vbscript", "view-source", "vnc", "wais", "ws", "wss", "wyciwyg", "xmpp"),
    }
)
_KNOWN_BEGINNINGS = ("ms-", "web+", "x-javascript")


def is_private_use(uri: Uri) -> bool:
    """Tell whether the scheme could be an app's own; its spelling is small letters, as browsers write it."""
    scheme = uri.scheme or ""
    return _SCHEME.fullmatch(scheme) is not None and scheme not in _KNOWN and not scheme.startswith(_KNOWN_BEGINNINGS)


def names_its_owner(uri: Uri) -> bool:
    """Tell whether an address with a private scheme says whose it is, so that two apps do not share it by chance.

    The scheme is a domain name in reverse order, as RFC 8252 §7.1 asks, or what stands behind the two slashes is a
    name in parts: the way in which editors give their extensions addresses (`cursor://anysphere.cursor-mcp/...`).
    """
    in_parts = "." in (uri.scheme or "").strip(".")
    return in_parts or "." in (uri.host or "").strip(".")
