"""Registers the sample apps as their administrator would, and keeps what each was given in a file of the app's own."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from consentry.demo.load_people import BY_DEMO
from consentry.demo.people import SampleApp
from consentry.flows.app_registry import MANAGE
from consentry.model.acting import Acting, member
from consentry.model.app import AppType
from consentry.model.app_draft import AppChange, AppDraft
from consentry.model.faults import NotFoundError
from consentry.model.ids import OrganisationId
from consentry.oauth.client_metadata import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from consentry.wiring import Deeds


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app is given when it is registered; a public app gets no secret."""

    client_id: str
    client_secret: str | None


async def register_app(
    deeds: Deeds, app: SampleApp, organisation_id: OrganisationId, own_url: str, file: Path
) -> Registration:
    """Return the app's registration, made now where there is none or where its app was deleted.

    An app that was registered at an earlier start is sent its users at `own_url` from now on.
    """
    redirect_uri = app.redirect_uri_at(own_url)
    known = _load(file)
    if known is not None:
        try:
            before = await deeds.app_registry.get(BY_DEMO, known.client_id)
        except NotFoundError:
            before = None
        if before is not None:
            if redirect_uri not in before.redirect_uris:
                change = AppChange(redirect_uris=(redirect_uri,))
                await deeds.app_registry.edit(BY_DEMO, known.client_id, change)
            return known
    draft = AppDraft(
        name=app.name,
        type=AppType.CONFIDENTIAL if app.is_confidential else AppType.PUBLIC,
        redirect_uris=(redirect_uri,),
        required_scopes=app.required_scopes,
        optional_scopes=app.optional_scopes,
        metadata={} if app.is_confidential else {"grant_types": [AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE]},
    )
    acting = await _administrator(deeds, app.registered_by, organisation_id)
    registered = await deeds.app_registry.register(acting, draft, organisation_id=organisation_id)
    secret = registered.client_secret
    made = Registration(registered.app.client_id, None if secret is None else secret.reveal())
    _store(file, made)
    return made


async def _administrator(deeds: Deeds, email: str, organisation_id: OrganisationId) -> Acting:
    """Return the person who registers the sample apps, or an operator if somebody took that right away since."""
    user = await deeds.people.users.find_by_email(BY_DEMO, email)
    holder = None if user is None else await deeds.people.find_holder(organisation_id, user.id)
    held = frozenset[str]() if holder is None else deeds.role_book.held_by(holder)
    return member(user.id, organisation_id, held) if user is not None and MANAGE in held else BY_DEMO


def _load(file: Path) -> Registration | None:
    try:
        return Registration(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _store(file: Path, registration: Registration) -> None:
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(registration), stream, indent=2)
    fresh.replace(file)
