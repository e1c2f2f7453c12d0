"""What a program is told of a registration. RFC 7591 §3.2.1, RFC 7592 §3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from consentry.model.tolerated_scope import baseline_of
from consentry.oauth.client_metadata import AUTHORIZATION_CODE, ClientMetadata
from consentry.oauth.metadata import REGISTRATION_PATH

if TYPE_CHECKING:
    from consentry.flows.register_client import RegisteredClient
    from consentry.model.catalog import Catalog

_TOLD = tuple(
    name
    for name in ClientMetadata.__dataclass_fields__
    if name not in {"grant_types", "jwks", "scope", "token_endpoint_auth_method"}
)


def registration_answer(registered: RegisteredClient, issuer: str, catalog: Catalog) -> dict[str, object]:
    """Return the members of the answer: all that is registered, and nothing that is absent.

    An absent member is left out rather than null, which clients have stumbled over (MCP C-12). `scope` tells what was
    granted of what was asked for (C-23).
    """
    app, metadata = registered.app, registered.app.metadata
    answer: dict[str, object] = {
        "client_id": app.client_id,
        "client_id_issued_at": int(app.created_at.timestamp()),
        "client_name": app.name,
        "redirect_uris": list(app.redirect_uris),
        "grant_types": list(metadata.grant_types),
        "response_types": ["code"] if metadata.may_use(AUTHORIZATION_CODE) else [],
        "token_endpoint_auth_method": metadata.token_endpoint_auth_method or "client_secret_basic",
        "scope": metadata.scope or str(baseline_of(app, app.scopes, catalog)),
    }
    if registered.client_secret is not None:
        answer["client_secret"] = registered.client_secret.reveal()
        # RFC 7591 §3.2.1: 0 says that it does not expire.
        answer["client_secret_expires_at"] = 0
    if registered.management_token is not None:
        answer["registration_access_token"] = registered.management_token.reveal()
        answer["registration_client_uri"] = f"{issuer}{REGISTRATION_PATH}?{urlencode({'client_id': app.client_id})}"
    if metadata.jwks is not None:
        answer["jwks"] = orjson.loads(metadata.jwks)
    for name in _TOLD:
        value = getattr(metadata, name)
        if value is not None and value is not False and value != ():
            answer[name] = list(value) if isinstance(value, tuple) else value
    return answer
