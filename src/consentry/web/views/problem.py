"""Pages that say what went wrong. Templates `problem` and `authorize_problem`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """`problem`: any refusal or fault. `code` is stable; `next_steps` are sentences.

    `missing_permission` is named when it is the reason (403). `back` is where the button leads, on
    our own origin.
    """

    status: int
    heading: str
    message: str
    code: str
    request_id: str
    next_steps: tuple[str, ...] = ()
    missing_permission: str | None = None
    back: str = "/settings"
    back_label: str = "Back to settings"


@dataclass(frozen=True, slots=True)
class AuthorizeProblemPage:
    """`authorize_problem`, status 400: an authorization request that must not be answered by a redirect.

    `mismatch` says exactly what did not match (scheme, host, path, trailing slash), listing no
    registered address. `received` is the offending value as text; it is never made a link. `app` is
    named only if it was found.
    """

    code: str
    message: str
    request_id: str
    mismatch: str | None = None
    received: str | None = None
    app: str | None = None


_PLAIN: dict[int, tuple[str, str, tuple[str, ...]]] = {
    400: (
        "That request could not be read",
        "Something in it is missing or malformed.",
        ("Go back and try again.",),
    ),
    403: ("You may not do this", "Your role in this organisation does not allow it.", ()),
    404: (
        "Nothing here",
        "The address may be mistyped, or what it led to was removed.",
        ("Check the address.",),
    ),
    405: ("That is not done here", "This address does not answer that kind of request.", ()),
    409: (
        "Somebody was faster",
        "What you were changing was changed in the meantime. Nothing of yours was saved.",
        ("Open the page again, and repeat your change if it is still wanted.",),
    ),
    413: (
        "That is too much at once",
        "The form held more than this server accepts. Nothing was saved.",
        ("Go back, shorten what you typed, and send it again.",),
    ),
    415: ("That format is not understood", "Forms must be sent as application/x-www-form-urlencoded.", ()),
    429: ("A moment, please", "Too many requests came from here.", ("Wait a minute, then try again.",)),
    500: (
        "Something went wrong on our side",
        "The fault was recorded. Nothing was saved that you did not see confirmed.",
        ("Try again in a minute.", "If it happens again, tell your administrator the request ID below."),
    ),
    503: (
        "Not available right now",
        "The server is starting or being looked after.",
        ("Try again in a minute.",),
    ),
}


def plain_problem(status: int, *, request_id: str) -> ProblemPage:
    """Return the page for `status` in its plainest words, for a fault of which nothing more is known."""
    heading, message, next_steps = _PLAIN.get(status, _PLAIN[500 if status >= 500 else 400])  # noqa: PLR2004
    return ProblemPage(
        status=status,
        heading=heading,
        message=message,
        code=f"http_{status}",
        request_id=request_id,
        next_steps=next_steps,
    )


def missing_permission_problem(permission: str, *, title: str, request_id: str) -> ProblemPage:
    """Return the 403 page that names `permission` and its plain-words `title`."""
    return ProblemPage(
        status=403,
        heading="You may not do this",
        message=f"It takes a permission that your role in this organisation does not include: {title}.",
        code="permission_missing",
        request_id=request_id,
        next_steps=("An administrator of your organisation can change your role.",),
        missing_permission=permission,
    )


def cross_site_problem(*, request_id: str) -> ProblemPage:
    """Return the 403 page for a form that another site sent, or that belongs to a session that ended."""
    return ProblemPage(
        status=403,
        heading="That form could not be trusted",
        message="It came from another site, or from a page that is older than your sign-in. Nothing was done.",
        code="form_not_trusted",
        request_id=request_id,
        next_steps=("Open the page again from here, and send the form once more.",),
    )
