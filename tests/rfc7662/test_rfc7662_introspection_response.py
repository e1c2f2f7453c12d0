"""What a resource server learns of a credential. RFC 7662 §2.2."""

import pytest

from consentry.oauth.responses import IntrospectionResponse
from consentry.oauth.scope import Scope


@pytest.mark.shows("RFC 7662 §2.2 inactive-alone")
def test_an_inactive_credential_says_nothing_else() -> None:
    assert IntrospectionResponse.inactive().to_json_object() == {"active": False}
    assert IntrospectionResponse(active=False, client_id="app_1").to_json_object() == {"active": False}


@pytest.mark.shows("RFC 7662 §2.2 types")
def test_an_active_access_token_says_what_it_may_do_now() -> None:
    response = IntrospectionResponse(
        active=True,
        scope=Scope.of("invoicing:read"),
        client_id="app_1",
        username="mia@example.test",
        token_type="Bearer",
        expires_at=1767229200,
        issued_at=1767225600,
        not_before=1767225600,
        subject="usr_1",
        audience=("https://api.test/",),
        issuer="https://login.test",
        token_id="t1",
        permissions=("invoice.write", "invoice.read"),
        organisation="org_1",
        connection="con_1",
    )

    assert response.to_json_object() == {
        "active": True,
        "scope": "invoicing:read",
        "client_id": "app_1",
        "username": "mia@example.test",
        "token_type": "Bearer",
        "exp": 1767229200,
        "iat": 1767225600,
        "nbf": 1767225600,
        "sub": "usr_1",
        "aud": "https://api.test/",
        "iss": "https://login.test",
        "jti": "t1",
        "permissions": ["invoice.read", "invoice.write"],
        "organisation": "org_1",
        "connection": "con_1",
    }


def test_absent_members_are_left_out_and_permissions_are_always_there() -> None:
    response = IntrospectionResponse(active=True, api_key="key_1")

    assert response.to_json_object() == {"active": True, "permissions": [], "api_key": "key_1"}


def test_several_audiences_are_a_list() -> None:
    response = IntrospectionResponse(active=True, audience=("a:b", "c:d"))

    assert response.to_json_object()["aud"] == ["a:b", "c:d"]
