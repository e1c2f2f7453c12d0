"""Authorization requests that a client pushes beforehand, and the reference that stands for one. RFC 9126."""

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import MAX_QUERY_BYTES, Parameters

REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
"""What a reference begins with. RFC 9126 §2.2."""

MAX_PUSHED_CHARACTERS = MAX_QUERY_BYTES // 3
"""Longest request that may be pushed: so that it can be read again however its characters must be encoded."""

CLIENT_PROOF = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
"""How a client proves who it is, which is no part of what it asks for. RFC 6749 §2.3.1, RFC 7521 §4.2."""


def find_reference(query: Parameters) -> str | None:
    """Return what stands after the prefix of the request URI, or None where the query names no pushed request.

    Raises OAuthError(INVALID_REQUEST) where it names one twice. Any other request URI is for others to refuse: nothing
    is ever fetched. *Source:* RFC 9126 §4.
    """
    request_uri = query.one("request_uri")
    if request_uri is None or not request_uri.startswith(REQUEST_URI):
        return None
    return request_uri[len(REQUEST_URI) :]


def read_pushed(form: Parameters, client_id: str) -> Parameters:
    """Return the authorization request in a form that `client_id` pushed, without what proves who it is.

    Raises OAuthError(INVALID_REQUEST) for a `request_uri` in it, and for what is too long to be kept.
    *Source:* RFC 9126 §2.1.
    """
    if form.one("request_uri") is not None:
        raise OAuthError(
            ErrorCode.INVALID_REQUEST, "A pushed request must not hold the parameter request_uri: push the request."
        )
    asked = tuple((name, value) for name, value in form.pairs if name not in CLIENT_PROOF and name != "client_id")
    if sum(len(name) + len(value) + 2 for name, value in asked) > MAX_PUSHED_CHARACTERS:
        raise OAuthError(
            ErrorCode.INVALID_REQUEST, f"The pushed request is longer than {MAX_PUSHED_CHARACTERS} characters."
        )
    # RFC 9126 §2.1: client_id is part of what is asked, whichever way the client proved who it is.
    return Parameters((("client_id", client_id), *asked))
