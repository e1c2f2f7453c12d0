"""The `claims` parameter: claims that a client asks to be told one by one. OpenID Connect Core 1.0 §5.5."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import SCOPE_OF_CLAIM
from consentry.oauth.scope import Scope

MAX_LENGTH = 4096
"""Longest `claims` parameter, in characters."""


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What is asked for, of what this server knows; a claim or a member that it does not know is ignored (§5.5).

    `userinfo` and `id_token` name claims of the user. `subject` is the value that `sub` must have, where one is named.
    `essential_acr` are the values of which the client insists on one; empty where it does not insist.

    Choice: whether another claim is essential, and which value is wished for, changes nothing. A claim that the user
    has and lets the app see is returned, and none is an error to lack (§5.5.1).
    """

    userinfo: frozenset[str] = frozenset()
    id_token: frozenset[str] = frozenset()
    subject: str | None = None
    essential_acr: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> "ClaimsRequest":
        """Read the parameter; None is a request for nothing. Raises OAuthError(INVALID_REQUEST)."""
        if text is None:
            return cls()
        if len(text) > MAX_LENGTH:
            raise _invalid(f"is longer than {MAX_LENGTH} characters")
        try:
            document = _object(json.loads(text, object_pairs_hook=_once), "is not a JSON object")
        except (ValueError, RecursionError) as fault:
            raise _invalid("is not a JSON object") from fault
        userinfo, id_token = (_member(document, name) for name in ("userinfo", "id_token"))
        return cls(
            userinfo=_known(userinfo),
            id_token=_known(id_token),
            subject=_subject(id_token) or _subject(userinfo),
            essential_acr=_essential_values(id_token.get("acr")),
        )

    @classmethod
    def from_text(cls, text: str | None) -> "ClaimsRequest":
        """Return the claims that `to_text` wrote."""
        if text is None:
            return cls()
        members = json.loads(text)
        return cls(frozenset(members.get("userinfo", ())), frozenset(members.get("id_token", ())))

    def to_text(self) -> str | None:
        """Return the claims of the user that are asked for, as text to be kept; None where there are none."""
        members = {"id_token": sorted(self.id_token), "userinfo": sorted(self.userinfo)}
        present = {name: claims for name, claims in members.items() if claims}
        return json.dumps(present, separators=(",", ":")) if present else None

    @property
    def scope(self) -> Scope:
        """The scopes under which a user approves what is asked for."""
        return Scope(frozenset(SCOPE_OF_CLAIM[claim] for claim in self.userinfo | self.id_token))


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"The member {name} is there twice.")
        members[name] = value
    return members


def _object(value: Any, fault: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(fault)
    return value


def _member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    fault = f"must have an object in {name}, with null or an object for each claim"
    given = document.get(name)
    claims = _object({} if given is None else given, fault)
    for value in claims.values():
        if value is not None:
            _object(value, fault)
    return claims


def _known(claims: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(claims.keys() & SCOPE_OF_CLAIM.keys())


def _subject(claims: Mapping[str, Any]) -> str | None:
    wish = claims.get("sub") or {}
    value = wish.get("value")
    return value if isinstance(value, str) else None


def _essential_values(wish: Mapping[str, Any] | None) -> tuple[str, ...]:
    # OpenID Connect Core §5.5.1.1: only an essential acr with values can fail a sign-in.
    if not wish or wish.get("essential") is not True:
        return ()
    values = wish.get("values")
    listed = [wish.get("value"), *(values if isinstance(values, list) else ())]
    return tuple(value for value in listed if isinstance(value, str))


def _invalid(fault: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_REQUEST, f"The parameter claims {fault}.")
