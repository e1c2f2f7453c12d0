"""Who may register apps by program. RFC 7591 §3."""

from enum import StrEnum


class Registration(StrEnum):
    """Who may register apps by program: nobody, holders of an initial access token, or everybody."""

    OFF = "off"
    TOKEN = "token"  # noqa: S105 - a choice, not a secret
    OPEN = "open"
