"""A client ID that is the address of a document, and what the document says. Client ID Metadata Documents (draft).

draft-ietf-oauth-client-id-metadata-document §3 and §4.
"""

from dataclasses import replace
from urllib.parse import unquote

from consentry.oauth.client_claims import NONE, PRIVATE_KEY, ClientClaims, parse_claims, parse_members
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.registration_members import refuse, text_of
from consentry.oauth.uri import Uri

MAX_ADDRESS_LENGTH = 1000
"""Longest client ID of this kind, in characters."""


def is_document_address(client_id: str) -> bool:
    """Tell whether a client ID is meant as the address of a document."""
    return client_id.startswith("https://")


def find_address_fault(client_id: str) -> str | None:
    """Return a sentence that says why nothing can be fetched from such a client ID, or None if something can.

    Choice: the path must name something, and no spelling is accepted that two parsers may read differently; the client
    ID is never normalised. *Source:* draft-ietf-oauth-client-id-metadata-document §3.
    """
    uri = Uri.parse(client_id)
    plain = client_id.isascii() and client_id.isprintable() and not set(client_id) & set(' \\"<>^`{|}*')
    if uri.scheme != "https" or not plain or len(client_id) > MAX_ADDRESS_LENGTH:
        return "A client ID that is an address must be a plain https address."
    if uri.fragment is not None or uri.userinfo is not None:
        return "A client ID that is an address must have no fragment and no user name."
    if not uri.has_valid_host or not uri.has_valid_port or uri.host != (uri.host or "").lower():
        return "A client ID that is an address must have a valid host in small letters."
    if uri.path in {"", "/"}:
        return "A client ID that is an address must have a path."
    if any(part.partition(";")[0] in {".", ".."} for part in unquote(uri.path).replace("\\", "/").split("/")):
        return "A client ID that is an address must have no . or .. segments."
    return None


def host_of_document(client_id: str) -> str:
    """Return the host that vouches for the client, with its port if it has one."""
    uri = Uri.parse(client_id)
    return (uri.host or "") + ("" if uri.port is None else f":{uri.port}")


def parse_client_document(client_id: str, body: str) -> ClientClaims:
    """Read the document at `client_id`. Raises OAuthError (INVALID_CLIENT_METADATA or INVALID_REDIRECT_URI).

    A client that also works without authentication is taken so where its document prefers a key (MCP C-11); one that
    says nothing has no secret that it could share. *Source:* draft-ietf-oauth-client-id-metadata-document §4.1.
    """
    members = parse_members(body.encode())
    # Character by character, without any normalisation (RFC 3986 §6.2.1).
    if members.get("client_id") != client_id:
        refuse("The document's client_id is not its address.")
    if "client_secret" in members or "client_secret_expires_at" in members:
        refuse("The document holds a client secret, which everybody could read.")
    if text_of(members, "client_name") is None:
        refuse("The document has no client_name.")
    claims = parse_claims(members)
    if not claims.redirect_uris:
        raise OAuthError(ErrorCode.INVALID_REDIRECT_URI, "The document has no redirect_uris.")
    if claims.method is None or NONE in claims.methods:
        return replace(claims, method=NONE)
    if claims.method != PRIVATE_KEY:
        refuse("A client with a document can authenticate by private_key_jwt or not at all.")
    return claims
