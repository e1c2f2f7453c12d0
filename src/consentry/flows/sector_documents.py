"""The document that lists the redirect URIs of one sector. OpenID Connect Core 1.0 §8.1, Registration 1.0 §5."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from consentry.model.app import App
from consentry.model.faults import Fault
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.ports.outbound import Outbound, OutboundError

MAX_BYTES = 64 * 1024
"""Longest document that is read."""

_OK = 200


@dataclass(frozen=True, slots=True)
class SectorDocuments:
    """Reads the document at an app's `sector_identifier_uri`.

    Without this an app could name the sector of another, and would know users by the same subjects.
    """

    outbound: Outbound

    async def require(self, app: App) -> None:
        """Return if the app that registers itself may; raises OAuthError(INVALID_CLIENT_METADATA)."""
        fault = await self.find_fault(app.metadata, app.redirect_uris)
        if fault is not None:
            raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, f"{fault.field}: {fault.sentence}")

    async def find_fault(self, metadata: ClientMetadata, redirect_uris: Sequence[str]) -> Fault | None:
        """Return what is wrong with the document, None where it lists all of `redirect_uris` or none is named."""
        uri = metadata.sector_identifier_uri
        if uri is None:
            return None
        try:
            answer = await self.outbound.fetch(uri, accept="application/json", most_bytes=MAX_BYTES)
            listed = json.loads(answer.body) if answer.status == _OK else None
        except OutboundError as fault:
            return Fault("sector_identifier_uri", f"The document could not be fetched. {fault}")
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list):
            return Fault("sector_identifier_uri", "At this address there must be a JSON list of redirect URIs.")
        missing = [one for one in redirect_uris if one not in listed]
        if missing:
            return Fault("sector_identifier_uri", f"The document does not list the redirect URI {missing[0]}.")
        return None
