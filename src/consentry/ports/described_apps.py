"""Apps that the documents at their client IDs describe. draft-ietf-oauth-client-id-metadata-document."""

from typing import Protocol

from consentry.model.app import App


class ClientDocumentError(Exception):
    """The client ID is an address without a document of an app. The message is a sentence for a developer."""


class DescribedApps(Protocol):
    """Finds apps by their documents."""

    async def find_app(self, client_id: str, *, address: str | None = None) -> App:
        """Return the app that the document at `client_id` describes now.

        `address` is the network address of whoever asks. Raises ClientDocumentError.
        """
        ...

    async def refresh(self, app: App, *, address: str) -> App:
        """Return an app that is connected already as its document says now, or as it said where it cannot be read."""
        ...
