"""What the OpenID Foundation's suite must be told to test this server: its configuration files, as JSON.

The suite drives the pages by the ids of their elements: `email`, `password`, `sign-in`, `approve`, `decline`,
`continue` and `sign-out`. Each list of tasks is gone through once, in its order; a task is done where its address fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Command = list[str | int]
Task = dict[str, Any]
WAIT_SECONDS = 10

SECOND_SIGN_IN = ("oidcc-prompt-login", "oidcc-max-age-1")
"""The suite wants a picture of the page that asks the person to sign in again."""

REFUSED_AT_ONCE = ("oidcc-ensure-registered-redirect-uri", "oidcc-ensure-request-object-with-redirect-uri")
"""The suite wants a picture of the page that says why nobody is sent to the redirect URI."""

LOGOUT_ASKED = (
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint",
    "oidcc-rp-initiated-logout-no-id-token-hint",
)
"""The suite wants a picture of the page that asks, since nobody is signed out or sent on by such a request."""

LOGOUT_SEEN = (
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-only-state",
)
"""The suite wants a picture of the page at which the logout ends."""

REQUEST_URI_REFUSED = (
    "fapi2-security-profile-final-par-attempt-reuse-request_uri",
    "fapi2-security-profile-final-par-attempt-to-use-expired-request_uri",
    "fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client",
)
"""The suite wants a picture of the page that says why, after a good request or none."""

SEEN_TWICE = "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"
"""The suite opens the sign-in page and leaves it, and signs in the second time."""

DECLINED = "fapi2-security-profile-final-user-rejects-authentication"
"""The suite wants the person to say no. One who said yes before is not asked again, so another person does it."""


def plan_configuration(
    issuer: str, alias: str, clients: Sequence[dict[str, Any]], person: dict[str, Any]
) -> dict[str, Any]:
    """The configuration of the basic, form-post, RP-initiated logout and back-channel logout plans, and of config."""
    first, second = ({name: one[name] for name in ("client_id", "client_secret")} for one in clients[:2])
    pages = _Pages(issuer, person, _addresses(clients))
    return {
        "alias": alias,
        "description": "Consentry",
        "server": {"discoveryUrl": f"{issuer}/.well-known/openid-configuration", "login_hint": person["email"]},
        "client": first,
        "client2": second,
        "client_secret_post": first,
        "browser": [pages.authorization(), pages.logout()],
        "override": {
            **{module: {"browser": [pages.authorization(seen="Sign in")]} for module in SECOND_SIGN_IN},
            **{module: {"browser": [pages.refused_authorization()]} for module in REFUSED_AT_ONCE},
            **{module: {"browser": [pages.authorization(), pages.asked_logout()]} for module in LOGOUT_ASKED},
            **{module: {"browser": [pages.authorization(), pages.seen_logout()]} for module in LOGOUT_SEEN},
        },
    }


def fapi2_configuration(
    issuer: str,
    alias: str,
    clients: Sequence[dict[str, Any]],
    people: Sequence[dict[str, Any]],
    keys: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """The configuration of the FAPI 2.0 security profile: the clients sign with keys of their own.

    The first of the people approves, the second declines.
    """
    first, second = (
        {"client_id": one["client_id"], "scope": one["scope"], "jwks": key, "dpop_signing_alg": "ES256"}
        for one, key in zip(clients[:2], keys, strict=True)
    )
    addresses = _addresses(clients)
    pages, others = (_Pages(issuer, person, addresses) for person in people)
    return {
        "alias": alias,
        "description": "Consentry, FAPI 2.0",
        "server": {"discoveryUrl": f"{issuer}/.well-known/openid-configuration"},
        "client": first,
        "client2": second,
        "resource": {"resourceUrl": f"{issuer}/oauth/userinfo"},
        "browser": [pages.authorization()],
        "override": {
            **{module: {"browser": [pages.perhaps_refused_authorization()]} for module in REQUEST_URI_REFUSED},
            SEEN_TWICE: {"browser": [pages.opened_and_left(), pages.authorization()]},
            DECLINED: {"browser": [others.authorization(decision="decline")]},
        },
    }


def _addresses(clients: Sequence[dict[str, Any]]) -> list[str]:
    """Return the addresses at which the suite may be come back to, without what their queries add."""
    return sorted({uri.partition("?")[0] for one in clients for uri in one["redirect_uris"]})


@dataclass(frozen=True, slots=True)
class _Pages:
    """How the suite's browser goes through our pages."""

    issuer: str
    person: dict[str, Any]
    addresses: Sequence[str]

    def authorization(self, *, seen: str | None = None, decision: str = "approve") -> Task:
        """Sign in where asked, decide where asked, and come back."""
        tasks = [*self._decide(seen, decision), self._come_back("*/test/a/*/callback*")]
        return self._beginning_at("/oauth/authorize*", tasks)

    def perhaps_refused_authorization(self) -> Task:
        """The same, or see the page that says why not."""
        # The address of an authorization request holds a redirect URI: what comes after */ must be no part of that.
        back = [self._come_back(f"{address}*") | {"optional": True} for address in self.addresses]
        why = self._see_why("update-image-placeholder-optional") | {"optional": True}
        return self._beginning_at("/oauth/authorize*", [*self._decide(None, "approve"), why, *back])

    def refused_authorization(self) -> Task:
        """See the page that says why."""
        return self._beginning_at("/oauth/authorize*", [self._see_why("update-image-placeholder")])

    def opened_and_left(self) -> Task:
        """Open the sign-in page, once, and do nothing."""
        task = {"task": "See the sign-in page", "match": f"{self.issuer}/sign-in*"}
        return self._beginning_at("/oauth/authorize*", [task]) | {"match-limit": 1}

    def logout(self) -> Task:
        """Confirm where asked, and come back."""
        back = {"task": "Come back", "match": "*/test/a/*/post_logout_redirect*"}
        return self._beginning_at("/oauth/logout*", [self._confirm(), back])

    def asked_logout(self) -> Task:
        """See the page that asks."""
        seen = _wait_for("Do you want to sign out", "update-image-placeholder")
        task = {"task": "See what is asked", "match": f"{self.issuer}/oauth/logout*", "commands": [seen]}
        return self._beginning_at("/oauth/logout*", [task])

    def seen_logout(self) -> Task:
        """Confirm where asked, and see the page at the end."""
        seen = _wait_for("You are signed out", "update-image-placeholder")
        end = {"task": "See the end", "match": f"{self.issuer}/*", "commands": [seen]}
        return self._beginning_at("/oauth/logout*", [self._confirm(), end])

    def _beginning_at(self, path: str, tasks: list[Task]) -> Task:
        return {"match": f"{self.issuer}{path}", "tasks": tasks}

    def _decide(self, seen: str | None, decision: str) -> list[Task]:
        picture = [] if seen is None else [_wait_for(seen, "update-image-placeholder-optional")]
        return [
            self._perhaps(
                "Sign in",
                "/sign-in*",
                [
                    *picture,
                    ["text", "id", "email", self.person["email"], "optional"],
                    ["text", "id", "password", self.person["password"], "optional"],
                    ["click", "id", "sign-in"],
                ],
            ),
            self._perhaps(decision.capitalize(), "/consent*", [["click", "id", decision]]),
            # With response_mode=form_post, and a browser whose JavaScript did not press the button itself.
            self._perhaps("Post the answer", "/*", [["click", "id", "continue", "optional"]]),
        ]

    def _come_back(self, address: str) -> Task:
        commands: list[Command] = [["wait", "id", "submission_complete", WAIT_SECONDS]]
        return {"task": "Come back", "match": address, "commands": commands}

    def _see_why(self, then: str) -> Task:
        seen = _wait_for("cannot be connected just now", then)
        return {"task": "See why", "match": f"{self.issuer}/oauth/authorize*", "commands": [seen]}

    def _confirm(self) -> Task:
        return self._perhaps("Confirm", "/oauth/logout*", [["click", "id", "sign-out", "optional"]])

    def _perhaps(self, name: str, path: str, commands: list[Command]) -> Task:
        return {"task": name, "match": f"{self.issuer}{path}", "optional": True, "commands": commands}


def _wait_for(text: str, then: str) -> Command:
    return ["wait", "xpath", "//*", WAIT_SECONDS, text, then]
