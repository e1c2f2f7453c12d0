"""The subjects that apps know users by: the same for all, or another for each sector. OpenID Connect Core 1.0 §8."""

from base64 import urlsafe_b64encode
from hmac import digest
from urllib.parse import urlsplit

from consentry.model.app import App, AppOrigin
from consentry.model.ids import SessionId, UserId
from consentry.oauth.client_metadata import ClientMetadata

PAIRWISE = "pairwise"
PUBLIC = "public"
SUBJECT_TYPES = (PUBLIC, PAIRWISE)


def find_sector(metadata: ClientMetadata, redirect_uris: tuple[str, ...]) -> str | None:
    """Return the host that stands for the app's sector; None where several redirect hosts leave it open (§8.1).

    Redirect URIs on the user's own computer and of private schemes name no host that belongs to anybody.
    """
    if metadata.sector_identifier_uri is not None:
        return urlsplit(metadata.sector_identifier_uri).hostname
    hosts = {urlsplit(uri).hostname for uri in redirect_uris if urlsplit(uri).scheme == "https"}
    return hosts.pop() if len(hosts) == 1 else None


def subject_for(app: App, user_id: UserId, key: bytes) -> str:
    """Return what the app knows the user by: the identifier, or for a pairwise app one of its sector's own.

    `key` is the 32-byte key of pairwise subjects. An app without a sector is a sector of its own.
    """
    if app.metadata.subject_type != PAIRWISE:
        return user_id
    return _mac(key, "subject", _sector_of(app), user_id)


def _sector_of(app: App) -> str:
    if app.origin is AppOrigin.DOCUMENT:
        # Nobody has looked whether the sector that such a document names knows of it.
        return f"client {app.client_id}"
    return find_sector(app.metadata, app.redirect_uris) or f"client {app.client_id}"


def session_for(app: App, session_id: SessionId, key: bytes) -> str:
    """Return what the app knows the user's session by (`sid`), so that pairwise apps cannot compare that either."""
    if app.metadata.subject_type != PAIRWISE:
        return session_id
    return _mac(key, "session", f"client {app.client_id}", session_id)


def _mac(key: bytes, kind: str, sector: str, identifier: str) -> str:
    # No part can hold a line feed, so that no two inputs read the same.
    mac = digest(key, f"{kind}\n{sector}\n{identifier}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
