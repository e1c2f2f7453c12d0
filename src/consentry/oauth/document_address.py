"""A client ID that is the address of a document. draft-ietf-oauth-client-id-metadata-document §3."""

from urllib.parse import unquote

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
