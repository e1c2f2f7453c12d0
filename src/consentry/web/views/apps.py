"""Connected apps. Templates `apps`, `app_new`, `app_registered`, `app`, `app_secret`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.model.catalog_entry import ScopeAccess
    from consentry.web.views.app_protocol import ActingCard, ProtocolForm
    from consentry.web.views.form import FieldError

AppType = Literal["confidential", "public"]
AppStatus = Literal["active", "deactivated"]


@dataclass(frozen=True, slots=True)
class AppRow:
    """One app of the list."""

    name: str
    type: AppType
    client_id: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    created_at: datetime
    status: AppStatus


@dataclass(frozen=True, slots=True)
class AppListPage:
    """`apps`, at `/settings/apps`. `next_href` leads to those registered later, `first_href` back."""

    apps: tuple[AppRow, ...]
    next_href: str | None = None
    first_href: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One scope in an app's form: field `scope.<name>` = `no` | `required` | `optional`."""

    name: str
    title: str
    access: ScopeAccess
    chosen: Literal["no", "required", "optional"] = "no"


@dataclass(frozen=True, slots=True)
class ScopeGroup:
    """The scopes of one resource."""

    resource: str
    scopes: tuple[ScopeChoice, ...]


@dataclass(frozen=True, slots=True)
class AppForm:
    """An app as typed: `name`, `redirect_uris` (one per line), `scope.<name>`, `type` (when new).

    `require_pkce` (`yes` | `no`) is asked when a confidential app is edited; None leaves the question out.
    `errors` name the fields `name`, `redirect_uris` (with lines), `scopes`, `type`.
    """

    name: str = ""
    redirect_uris: str = ""
    type: AppType | None = None
    scope_groups: tuple[ScopeGroup, ...] = ()
    require_pkce: bool | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class AppNewPage:
    """`app_new`, at `/settings/apps/new`. Posts the fields of `AppForm` and `csrf` to itself."""

    form: AppForm


@dataclass(frozen=True, slots=True)
class AppRegisteredPage:
    """`app_registered`: the answer to a registration.

    `client_secret` is shown here once; a public app has none.
    """

    name: str
    type: AppType
    client_id: str
    client_secret: str | None
    authorize_url: str
    token_url: str
    metadata_url: str


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One client secret, of which only the beginning of its ID is known."""

    id: str
    label: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RedirectTest:
    """The answer to "test this URI": whether it would match, and why (not)."""

    uri: str
    matches: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class MarkedAddress:
    """An address in three pieces, of which the middle one differs from the address beside it."""

    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A redirect URI that was sent and refused, beside the closest registered one; `part` is what differs."""

    part: str
    sent: MarkedAddress
    registered: MarkedAddress | None
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AppPage:
    """`app`, at `/settings/apps/{client_id}`. Its forms post to the page itself.

    They carry `csrf` and `action`, which is `save` (with the fields of `AppForm`), `add_secret`
    (answered by `app_secret`), `retire_secret` (`secret`, `when` = `now` | `1d` | `7d` | `30d`),
    `test_redirect_uri` (`uri`), `deactivate`, `reactivate` or `delete` (`confirm_name`); and those of `ProtocolForm`
    and `ActingCard`.
    `errors` of the forms other than `form` name `uri`, `confirm_name` or `secrets`. With `has_more_connections`
    `connections` is how many were counted, and the app has others.
    """

    name: str
    client_id: str
    type: AppType
    status: AppStatus
    created_at: datetime
    created_by: str
    connections: int
    last_used_at: datetime | None
    deep_link: str
    authorize_url: str
    form: AppForm
    secrets: tuple[SecretRow, ...] = ()
    may_add_secret: bool = False
    redirect_test: RedirectTest | None = None
    refusals: tuple[RefusalRow, ...] = ()
    errors: tuple[FieldError, ...] = ()
    has_more_connections: bool = False
    protocol: ProtocolForm | None = None
    acting: ActingCard | None = None


@dataclass(frozen=True, slots=True)
class AppSecretPage:
    """`app_secret`: the answer to `add_secret`; `client_secret` is shown here once."""

    name: str
    client_id: str
    client_secret: str
