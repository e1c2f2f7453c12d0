"""API keys as their pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentry.model.api_key import ApiKeyDetails, key_status, shown_prefix
from consentry.web.settings.key_form import groups_of_key
from consentry.web.views.api_keys import KeyPage, KeyRow, KeyShownPage
from consentry.web.views.connections import KeyBeside

if TYPE_CHECKING:
    from datetime import datetime

    from consentry.model.api_key import ShownKey
    from consentry.model.catalog import Catalog
    from consentry.model.credential import ApiKey

LIST = "/settings/api-keys"


def href_of(key: ApiKey) -> str:
    """Return the address of the key's own page."""
    return f"{LIST}/{key.id}"


def row_of(details: ApiKeyDetails, now: datetime) -> KeyRow:
    """Return the key as a row of the list."""
    key = details.key
    return KeyRow(
        name=key.name,
        prefix=shown_prefix(key),
        href=href_of(key),
        permissions=tuple(sorted(key.permissions)),
        creator=details.user_name,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        last_used_from=key.last_used_from,
        expires_at=key.expires_at,
        status=key_status(key, now),
    )


def beside_of(details: ApiKeyDetails, now: datetime) -> KeyBeside:
    """Return the key as it stands beside one's own connections."""
    key = details.key
    return KeyBeside(
        name=key.name,
        prefix=shown_prefix(key),
        href=href_of(key),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        status=key_status(key, now),
    )


def page_of(
    details: ApiKeyDetails, catalog: Catalog, *, held: frozenset[str], may_edit: bool, now: datetime
) -> KeyPage:
    """Return the key's own page, as everything stands now. `held` is what its owner may do now."""
    key = details.key
    ended_by = details.revoked_by_name or "the operator"
    return KeyPage(
        key=row_of(details, now),
        groups=groups_of_key(key.permissions, key.permissions, held, catalog),
        name=key.name,
        addresses="\n".join(key.allowed_networks),
        may_edit=may_edit,
        ended_at=key.revoked_at,
        ended_by=None if key.revoked_at is None else ended_by,
    )


def shown_page(shown: ShownKey, *, issuer: str) -> KeyShownPage:
    """Return the answer to creating or rotating, the only page that ever holds the key's text."""
    key = shown.details.key
    return KeyShownPage(
        name=key.name,
        key=shown.text.reveal(),
        href=href_of(key),
        expires_at=key.expires_at,
        example_url=f"{issuer}/api/v1/me/access",
        old_expires_at=shown.previous_expires_at,
    )
