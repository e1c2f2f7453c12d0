"""What the document at a client ID says. draft-ietf-oauth-client-id-metadata-document §4."""

from dataclasses import replace

from consentry.oauth.client_claims import NONE, PRIVATE_KEY, ClientClaims, parse_claims, parse_members
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.registration_members import refuse, text_of


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
