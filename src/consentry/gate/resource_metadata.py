"""The API's own metadata document, and what a script of any origin is told about calling the API. RFC 9728 §3."""

import json

from consentry.gate.answer import READABLE, Answer
from consentry.oauth.protected_resource import ProtectedResource

PREFLIGHT = Answer(
    204,
    {
        **READABLE,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        # Not "*", which leaves Authorization out: Fetch Standard, CORS-safelisted and wildcard header names.
        "access-control-allow-headers": "Authorization, Content-Type, Accept, DPoP, Last-Event-ID, "
        "MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id",
        "access-control-max-age": "86400",
        "content-length": "0",
        "cache-control": "no-store",
    },
    b"",
)
"""The answer to a browser that asks whether a script may call. A bearer credential is never sent by itself."""


def answer_document(resource: ProtectedResource | None, issuer: str, method: str, path: str) -> Answer | None:
    """Return the answer to a call for the metadata of `resource`; None for a call of anything else.

    It is public, and readable from any origin. *Source:* RFC 9728 §3.1 and §3.2.
    """
    if resource is None or path not in resource.metadata_paths:
        return None
    if method == "OPTIONS":
        return PREFLIGHT
    if method not in {"GET", "HEAD"}:
        return Answer(405, {**READABLE, "allow": "GET, HEAD, OPTIONS", "content-length": "0"}, b"")
    content = json.dumps(resource.document(issuer)).encode()
    headers = {
        **READABLE,
        "content-type": "application/json",
        "content-length": str(len(content)),
        "cache-control": "public, max-age=300",
    }
    return Answer(200, headers, b"" if method == "HEAD" else content)
