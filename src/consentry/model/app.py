"""Apps: the registered third parties. In protocol code an app is the client of RFC 6749 §2."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from consentry.model.ids import AppId, ClientId, OrganisationId, SecretId, UserId
from consentry.model.shown_name import NAME_LENGTH, clean_name, find_name_fault
from consentry.oauth.client_metadata import ClientMetadata
from consentry.oauth.scope import Scope

__all__ = [
    "NAME_LENGTH",
    "REDIRECT_URIS_MOST",
    "App",
    "AppOrigin",
    "AppSecret",
    "AppStanding",
    "AppStatus",
    "AppType",
    "clean_name",
    "find_name_fault",
    "secret_overlap_end",
]

REDIRECT_URIS_MOST = 20


class AppType(StrEnum):
    """Whether the app can keep a client secret (RFC 6749 §2.1)."""

    CONFIDENTIAL = "confidential"
    PUBLIC = "public"


class AppStatus(StrEnum):
    """An app's life; a deleted app leaves its row as a tombstone for the audit."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


class AppStanding(StrEnum):
    """How an app stands for one connection: its own status, or that the connection's organisation refuses such apps."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    REFUSED = "refused"


class AppOrigin(StrEnum):
    """How an app came to be here, which tells who answers for it."""

    REGISTERED = "registered"
    DYNAMIC = "dynamic"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class App:
    """A registered app.

    A user cannot untick `required_scopes` on the consent screen, and can untick `optional_scopes`; the app may ask for
    nothing else. An administrator registered it, unless `origin` says that it did so itself (RFC 7591) or is the
    document at its client ID; `vouched_by` is then the host that stands for it, if one does.
    """

    id: AppId
    client_id: ClientId
    organisation_id: OrganisationId
    name: str
    type: AppType
    redirect_uris: tuple[str, ...]
    required_scopes: Scope
    optional_scopes: Scope
    require_pkce: bool
    status: AppStatus
    created_by: UserId | None
    created_at: datetime
    updated_at: datetime
    metadata: ClientMetadata = ClientMetadata()  # noqa: RUF009 - an immutable value
    origin: AppOrigin = AppOrigin.REGISTERED
    vouched_by: str | None = None

    @property
    def scopes(self) -> Scope:
        """All that the app may ask for."""
        return self.required_scopes | self.optional_scopes

    def may_ask_for(self, token: str) -> bool:
        """Tell whether the scope token is among `scopes`."""
        return token in self.required_scopes or token in self.optional_scopes

    @property
    def registered_itself(self) -> bool:
        """Tell whether nobody registered the app, so that nobody here answers for it."""
        return self.origin is not AppOrigin.REGISTERED

    @property
    def is_public(self) -> bool:
        """Tell whether the app cannot keep a secret."""
        return self.type is AppType.PUBLIC


@dataclass(frozen=True, slots=True)
class AppSecret:
    """One client secret of a confidential app; only its digest is kept. `hint` is the last four characters."""

    id: SecretId
    app_id: AppId
    digest: bytes
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    retired_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Tell whether the secret still authenticates its app."""
        return self.retired_at is None and (self.expires_at is None or now < self.expires_at)


def secret_overlap_end(now: datetime, overlap: timedelta) -> datetime:
    """Return when the older secret stops working after a rotation that leaves `overlap` for the change."""
    return now + overlap
