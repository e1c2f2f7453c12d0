"""What the OpenID Foundation's suite must be told to test this server: its configuration files, as JSON.

The suite drives the pages by the ids of their elements: `email`, `password`, `sign-in`, `approve`, `continue` and
`sign-out`.
"""

from collections.abc import Sequence
from typing import Any

Command = list[str | int]
WAIT_SECONDS = 10


def plan_configuration(
    issuer: str, alias: str, clients: Sequence[dict[str, Any]], person: dict[str, Any]
) -> dict[str, Any]:
    """The configuration of the basic, form-post, RP-initiated logout and back-channel logout plans, and of config."""
    first, second = ({name: one[name] for name in ("client_id", "client_secret")} for one in clients[:2])
    pages = _Pages(issuer, alias, person)
    return {
        "alias": alias,
        "description": "Consentry",
        "server": {"discoveryUrl": f"{issuer}/.well-known/openid-configuration"},
        "client": first,
        "client2": second,
        "client_secret_post": first,
        "browser": [pages.authorization(), pages.logout()],
        "override": {
            **{module: {"browser": [pages.authorization(seen="Sign in")]} for module in SECOND_SIGN_IN},
            **{module: {"browser": [pages.refused_authorization()]} for module in REFUSED_AT_ONCE},
            **{module: {"browser": [pages.authorization(), pages.seen_logout()]} for module in LOGOUT_SEEN},
        },
    }


def fapi2_configuration(
    issuer: str, alias: str, clients: Sequence[dict[str, Any]], person: dict[str, Any], keys: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The configuration of the FAPI 2.0 security profile: the clients sign with keys of their own."""
    first, second = (
        {"client_id": one["client_id"], "scope": one["scope"], "jwks": key}
        for one, key in zip(clients[:2], keys, strict=True)
    )
    return {
        "alias": alias,
        "description": "Consentry, FAPI 2.0",
        "server": {"discoveryUrl": f"{issuer}/.well-known/openid-configuration"},
        "client": first,
        "client2": second,
        "resource": {"resourceUrl": f"{issuer}/oauth/userinfo"},
        "browser": [_Pages(issuer, alias, person).authorization()],
    }


SECOND_SIGN_IN = ("oidcc-prompt-login", "oidcc-max-age-1")
"""The suite wants a picture of the page that asks the person to sign in again."""

REFUSED_AT_ONCE = ("oidcc-ensure-registered-redirect-uri", "oidcc-ensure-request-object-with-redirect-uri")
"""The suite wants a picture of the page that says why nobody is sent to the redirect URI."""

LOGOUT_SEEN = (
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint",
    "oidcc-rp-initiated-logout-no-id-token-hint",
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-only-state",
)
"""The suite wants a picture of the page at which the logout ends, since nobody is sent on from there."""


class _Pages:
    """How the suite's browser goes through our pages."""

    def __init__(self, issuer: str, alias: str, person: dict[str, Any]) -> None:
        self._issuer = issuer
        self._alias = alias
        self._person = person

    def authorization(self, *, seen: str | None = None) -> dict[str, Any]:
        """Sign in where asked, approve where asked, and come back."""
        picture: list[Command] = [] if seen is None else [_wait_for(seen, "update-image-placeholder-optional")]
        return {
            "match": f"{self._issuer}/oauth/authorize*",
            "tasks": [
                self._task(
                    "Sign in",
                    "/sign-in*",
                    [
                        *picture,
                        ["text", "id", "email", self._person["email"], "optional"],
                        ["text", "id", "password", self._person["password"], "optional"],
                        ["click", "id", "sign-in"],
                    ],
                ),
                self._task("Approve", "/consent*", [["click", "id", "approve"]]),
                # With response_mode=form_post, and a browser whose JavaScript did not press the button itself.
                self._task("Post the answer", "/*", [["click", "id", "continue", "optional"]]),
                {
                    "task": "Come back",
                    "match": f"*/test/a/{self._alias}/callback*",
                    "commands": [["wait", "id", "submission_complete", WAIT_SECONDS]],
                },
            ],
        }

    def refused_authorization(self) -> dict[str, Any]:
        """See the page that says why."""
        match = f"{self._issuer}/oauth/authorize*"
        seen = _wait_for("cannot be connected just now", "update-image-placeholder")
        return {"match": match, "tasks": [{"task": "See why", "match": match, "commands": [seen]}]}

    def logout(self) -> dict[str, Any]:
        """Confirm where asked, and come back."""
        return {
            "match": f"{self._issuer}/oauth/logout*",
            "tasks": [
                self._task("Confirm", "/oauth/logout*", [["click", "id", "sign-out", "optional"]]),
                {"task": "Come back", "match": f"*/test/a/{self._alias}/post_logout_redirect*"},
            ],
        }

    def seen_logout(self) -> dict[str, Any]:
        """Confirm where asked, and see the page at the end."""
        match = f"{self._issuer}/*"
        seen = _wait_for("[Ss]ign(ed)? out|cannot", "update-image-placeholder")
        return {
            "match": f"{self._issuer}/oauth/logout*",
            "tasks": [
                self._task("Confirm", "/oauth/logout*", [["click", "id", "sign-out", "optional"]]),
                {"task": "See the end", "match": match, "commands": [seen]},
            ],
        }

    def _task(self, name: str, path: str, commands: list[Command]) -> dict[str, Any]:
        return {"task": name, "match": f"{self._issuer}{path}", "optional": True, "commands": commands}


def _wait_for(text: str, then: str) -> Command:
    return ["wait", "xpath", "//*", WAIT_SECONDS, text, then]
