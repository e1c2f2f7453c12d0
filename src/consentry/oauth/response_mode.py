"""How an authorization response reaches the client: in the query of the redirect URI, or as a posted form.

OAuth 2.0 Form Post Response Mode; OAuth 2.0 Multiple Response Type Encoding Practices §2.1.
"""

from enum import StrEnum

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.uri import Uri


class ResponseMode(StrEnum):
    """The modes that are supported. `fragment` is not: a code has no business where scripts of the page read it."""

    QUERY = "query"
    FORM_POST = "form_post"


def parse_response_mode(query: Parameters) -> ResponseMode:
    """Return how the client wants the answer; in the query where it does not say.

    Raises OAuthError(INVALID_REQUEST). *Source:* Multiple Response Type Encoding Practices §2.1.
    """
    given = query.one("response_mode") or ResponseMode.QUERY
    if given not in list(ResponseMode):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "The response_mode is not supported: use query or form_post.")
    return ResponseMode(given)


def require_reach(query: Parameters, redirect_uri: str) -> None:
    """Return if the answer can reach the redirect URI in the mode that the client wants.

    Raises OAuthError(INVALID_REQUEST) for a form that would be posted to a private-use scheme: the app that opens such
    an address is handed the address, and no form.
    """
    if parse_response_mode(query) is ResponseMode.FORM_POST and not _takes_forms(redirect_uri):
        raise OAuthError(
            ErrorCode.INVALID_REQUEST, "A form can be posted to https and http addresses only: use response_mode query."
        )


def find_response_mode(query: Parameters, redirect_uri: str) -> ResponseMode:
    """Return the mode in which also an error goes back: the one asked for if it can be had, else the query.

    Never raises, so that it serves for a request that could not be parsed.
    """
    try:
        require_reach(query, redirect_uri)
        return parse_response_mode(query)
    except OAuthError:
        return ResponseMode.QUERY


def _takes_forms(redirect_uri: str) -> bool:
    return Uri.parse(redirect_uri).scheme in {"https", "http"}
