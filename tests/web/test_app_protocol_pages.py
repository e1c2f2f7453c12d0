"""The settings of the protocol and of acting alone on an app's page, as a browser uses them, on either engine."""

import re
from typing import Any

import httpx
import pytest

from app_builders import ACME, CALLBACK, MANAGER, a_draft
from consentry.model.acting import operator
from consentry.model.app import AppType
from consentry.model.ids import ClientId
from consentry.oauth.client_metadata import AUTHORIZATION_CODE, REFRESH_TOKEN, ClientMetadata
from consentry.wiring import Deeds
from site_client import send_form
from user_agent import Form, forms_of

SAVE = ("action", "save_protocol")


async def register(deeds: Deeds, **changes: Any) -> str:
    registered = await deeds.app_registry.register(operator(None), a_draft(**changes), organisation_id=ACME)
    return f"/settings/apps/{registered.app.client_id}"


async def metadata_of(deeds: Deeds, page: str) -> ClientMetadata:
    app = await deeds.app_registry.get(MANAGER, ClientId(page.rpartition("/")[2]))
    return app.metadata


def protocol_form(text: str) -> Form:
    return next(form for form in forms_of(text) if SAVE in form.buttons)


def fields_of(form: Form) -> dict[str, Any]:
    """The fields as a browser would send them, without the token."""
    sent: dict[str, Any] = {}
    for name, value in form.fields:
        if name != "csrf":
            sent[name] = [*sent[name], value] if name in sent else [value]
    return sent


async def save(ana: httpx.AsyncClient, page: str, **changes: Any) -> httpx.Response:
    """Send the form as it stands, with these fields changed; None leaves one out, as an empty tick does."""
    fields = {**fields_of(protocol_form((await ana.get(page)).text)), **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return await send_form(ana, page, {**kept, "action": "save_protocol"})


async def test_saving_the_form_untouched_changes_nothing(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    for changes in ({}, {"type": AppType.PUBLIC}):
        page = await register(deeds, **changes)

        answer = await save(ana, page)

        assert answer.status_code == 303, answer.text
        assert await metadata_of(deeds, page) == ClientMetadata()


async def test_every_kind_of_field_is_saved_and_shown_again(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    page = await register(deeds)

    answer = await save(
        ana,
        page,
        grant_types=["authorization_code"],
        require_pushed_authorization_requests="yes",
        id_token_signed_response_alg="RS256",
        default_max_age="3600",
        post_logout_redirect_uris="https://client.test/bye\r\n\r\n http://127.0.0.1/bye ",
        backchannel_logout_uri="https://client.test/logout",
        contacts="dev@client.test",
    )

    assert answer.status_code == 303, answer.text
    saved = await metadata_of(deeds, page)
    assert saved == ClientMetadata(
        grant_types=(AUTHORIZATION_CODE,),
        require_pushed_authorization_requests=True,
        id_token_signed_response_alg="RS256",
        default_max_age=3600,
        post_logout_redirect_uris=("https://client.test/bye", "http://127.0.0.1/bye"),
        backchannel_logout_uri="https://client.test/logout",
        contacts=("dev@client.test",),
    )
    await save(ana, page)
    assert await metadata_of(deeds, page) == saved


async def test_emptying_the_form_gives_the_defaults_back(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    page = await register(deeds, metadata={"default_max_age": 60, "require_auth_time": True, "client_uri": CALLBACK})

    await save(ana, page, default_max_age="", require_auth_time=None, client_uri="")

    assert await metadata_of(deeds, page) == ClientMetadata()


async def test_every_fault_stands_beside_its_field_and_what_was_typed_stays(
    ana: httpx.AsyncClient, deeds: Deeds
) -> None:
    page = await register(deeds)

    answer = await save(
        ana,
        page,
        grant_types=None,
        default_max_age="soon",
        post_logout_redirect_uris="https://client.test/bye\r\n\r\nhttp://client.test/bye",
        jwks='{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        backchannel_logout_uri="http://127.0.0.1/logout",
    )

    assert answer.status_code == 400
    assert "<details open>" in answer.text
    assert "Line 3" in answer.text
    for name in ("grant_types", "default_max_age", "post_logout_redirect_uris", "jwks", "backchannel_logout_uri"):
        assert f'id="{name}-error"' in answer.text, name
    form = protocol_form(answer.text)
    assert dict(form.fields)["default_max_age"] == "soon"
    assert await metadata_of(deeds, page) == ClientMetadata()


async def test_a_public_app_is_not_asked_for_keys_and_secrets(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    page = await register(deeds, type=AppType.PUBLIC)

    shown = (await ana.get(page)).text

    form = protocol_form(shown)
    assert {name for name, _ in form.fields}.isdisjoint({"jwks", "jwks_uri", "token_endpoint_auth_method"})
    assert ("grant_types", "client_credentials") not in form.choices
    assert ("action", "allow_acting") not in [button for one in forms_of(shown) for button in one.buttons]


async def test_a_form_that_slips_in_another_field_changes_nothing_of_it(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    page = await register(deeds, type=AppType.PUBLIC)

    await save(ana, page, token_endpoint_auth_method="client_secret_post", scope="invoicing:write")

    assert await metadata_of(deeds, page) == ClientMetadata()


async def test_an_app_is_let_act_and_stopped_from_its_page(ana: httpx.AsyncClient, deeds: Deeds) -> None:
    page = await register(deeds)
    client_id = page.rpartition("/")[2]
    members = deeds.services.members

    allowed = await send_form(ana, page, {"action": "allow_acting"})
    shown = (await ana.get(f"{page}?done=acting")).text
    link = re.search(r'href="(/settings/connections/all[^"]*user=[^"]*)"', shown)
    assert link is not None
    listed = (await ana.get(link[1].replace("&amp;", "&"))).text

    assert allowed.status_code == 303
    assert "acts for your organisation by itself" in shown
    assert f"{client_id.lower()}@apps.invalid" in listed
    connection = await members.find(MANAGER, client_id)
    assert connection is not None
    assert str(connection.scopes) == "contacts:read invoicing:read"
    assert (await metadata_of(deeds, page)).grant_types == (AUTHORIZATION_CODE, REFRESH_TOKEN, "client_credentials")

    await send_form(ana, page, {"action": "stop_acting"})
    assert await members.find(MANAGER, client_id) is None


@pytest.mark.parametrize("action", ["save_protocol", "allow_acting", "stop_acting"])
async def test_whoever_does_not_manage_apps_changes_nothing_here(
    bo: httpx.AsyncClient, deeds: Deeds, action: str
) -> None:
    page = await register(deeds)

    answer = await send_form(bo, page, {"action": action, "require_auth_time": "yes"})

    assert answer.status_code == 403
    assert await metadata_of(deeds, page) == ClientMetadata()
    assert await deeds.services.members.find(MANAGER, page.rpartition("/")[2]) is None
