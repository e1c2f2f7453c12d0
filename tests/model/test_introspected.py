"""What travels from the server to a guard: it arrives as it was, and anything else opens nothing."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.access import Access, Reason, Refused
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.introspected import members_of, read_introspected
from consentry.model.micros import to_micros
from consentry.oauth.responses import IntrospectionResponse
from consentry.oauth.scope import Scope

ISSUER = "https://apps.test"
TOKEN = Access(
    organisation_id=OrganisationId("org_1"),
    user_id=UserId("usr_1"),
    app_id=AppId("app_1"),
    client_id=ClientId("their-client"),
    connection_id=ConnectionId("con_1"),
    api_key_id=None,
    scope=Scope.of("invoicing:read"),
    approved=frozenset({"invoice.read", "invoice.write"}),
    held=frozenset({"invoice.read", "client.read"}),
    permissions=frozenset({"invoice.read"}),
    resource="https://api.test",
    issued_micros=to_micros(datetime(2026, 1, 1, tzinfo=UTC)),
    expires_micros=to_micros(datetime(2026, 1, 1, 1, tzinfo=UTC)),
    app_scopes="invoicing:read invoicing:write",
)
KEY = TOKEN._replace(
    app_id=None,
    client_id=None,
    connection_id=None,
    api_key_id=ApiKeyId("key_1"),
    scope=None,
    resource=None,
    expires_micros=None,
    app_scopes=None,
)
NAMES = st.frozensets(st.sampled_from(["invoice.read", "invoice.write", "client.read", "client.write"]))


def travelled(access: Access) -> dict[str, Any]:
    """The answer for this access, as JSON leaves it."""
    response = IntrospectionResponse(
        active=True,
        client_id=access.client_id,
        expires_at=None if access.expires_micros is None else access.expires_micros // 1_000_000,
        issued_at=access.issued_micros // 1_000_000,
        subject=access.user_id,
        audience=() if access.resource is None else (access.resource,),
        issuer=ISSUER,
        permissions=tuple(access.permissions),
        organisation=access.organisation_id,
        connection=access.connection_id,
        api_key=access.api_key_id,
        extensions=members_of(access),
    )
    body: dict[str, Any] = json.loads(json.dumps(response.to_json_object()))
    return body


@given(approved=NAMES, held=NAMES, access=st.sampled_from([TOKEN, KEY, TOKEN._replace(scope=Scope())]))
def test_an_access_arrives_as_it_was(approved: frozenset[str], held: frozenset[str], access: Access) -> None:
    sent = access._replace(approved=approved, held=held, permissions=approved & held)

    assert read_introspected(travelled(sent), ISSUER) == sent


@pytest.mark.parametrize("reason", Reason)
def test_the_reason_of_a_genuine_credential_arrives_and_no_other(reason: Reason) -> None:
    refused = Refused(reason, "Because.")
    is_genuine = reason not in {Reason.UNKNOWN_CREDENTIAL, Reason.MALFORMED_CREDENTIAL}

    body = IntrospectionResponse.inactive(members_of(refused)).to_json_object()

    assert read_introspected(body, ISSUER) == (refused if is_genuine else None)
    assert is_genuine or body == {"active": False}


@pytest.mark.parametrize(
    "change",
    [
        {"active": "true"},
        {"active": 1},
        {"iss": "https://other.test"},
        {"access": None},
        {"access": "all"},
        {"organisation": ""},
        {"sub": 3},
        {"permissions": "invoice.read"},
        {"permissions": [3]},
        {"permissions": ["invoice.read", "payment_instruction.write"]},
        {"connection": None},
        {"api_key": "key_1"},
        {"iat": "yesterday"},
        {"iat": True},
        {"exp": 10**30},
        {"exp": "never"},
        {"aud": ["https://api.test", "https://other.test"]},
        {"client_id": ""},
    ],
)
def test_an_answer_that_is_not_whole_opens_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_introspected({**travelled(TOKEN), **change}, ISSUER)


def test_a_server_of_the_versions_before_does_not_tell_what_the_app_may_ask_for() -> None:
    body = travelled(TOKEN)
    del body["access"]["app_scope"]

    assert read_introspected(body, ISSUER) == TOKEN._replace(app_scopes=None)


@pytest.mark.parametrize("name", sorted(travelled(TOKEN)))
def test_an_answer_without_one_of_its_members_gives_no_more_than_the_whole(name: str) -> None:
    body = {key: value for key, value in travelled(TOKEN).items() if key != name}
    try:
        answer = read_introspected(body, ISSUER)
    except ValueError:
        return
    assert isinstance(answer, Access)
    assert answer.permissions == TOKEN.permissions
    assert answer.organisation_id == TOKEN.organisation_id
