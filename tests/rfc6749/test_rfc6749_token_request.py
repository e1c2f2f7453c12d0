"""The token request has one type for each grant. RFC 6749 §4.1.3, §5.2 and §6."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.scope import Scope
from consentry.oauth.token_request import AuthorizationCodeRequest, RefreshTokenRequest, parse_token_request

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def form(**fields: str) -> Parameters:
    return Parameters.from_form(urlencode(fields).encode())


def test_a_code_is_exchanged() -> None:
    full = form(
        grant_type="authorization_code",
        code="cst_ac_1",
        redirect_uri="https://client.test/cb",
        code_verifier=VERIFIER,
        resource="https://api.test/",
        client_id="app_1",
    )

    assert parse_token_request(full) == AuthorizationCodeRequest(
        "cst_ac_1", "https://client.test/cb", VERIFIER, ("https://api.test/",)
    )
    assert parse_token_request(form(grant_type="authorization_code", code="c")) == AuthorizationCodeRequest(
        "c", None, None, ()
    )


def test_a_refresh_token_is_used() -> None:
    assert parse_token_request(form(grant_type="refresh_token", refresh_token="r", scope="b a")) == (
        RefreshTokenRequest("r", Scope.of("a", "b"), ())
    )
    assert parse_token_request(form(grant_type="refresh_token", refresh_token="r", scope="")) == (
        RefreshTokenRequest("r", None, ())
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "Authorization_Code", "code": "c"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "c", "resource": "x"}, "invalid_target"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "r", "scope": "a  b"}, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "r", "resource": "#"}, "invalid_target"),
    ],
)
def test_pk_14_a_fault_is_answered_with_its_code(fields: dict[str, str], code: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_token_request(form(**fields))

    assert refusal.value.code == code


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "a" * 42 + "+", "é" * 43])
def test_pk_06_a_malformed_verifier_is_an_invalid_request(verifier: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_token_request(form(grant_type="authorization_code", code="c", code_verifier=verifier))

    assert refusal.value.code == ErrorCode.INVALID_REQUEST
    assert verifier not in str(refusal.value)


@pytest.mark.shows("RFC 6749 §3.1 not-twice")
@pytest.mark.parametrize(
    ("grant_type", "name"),
    [
        ("authorization_code", "grant_type"),
        ("authorization_code", "code"),
        ("authorization_code", "redirect_uri"),
        ("authorization_code", "code_verifier"),
        ("refresh_token", "refresh_token"),
        ("refresh_token", "scope"),
    ],
)
def test_in_01_a_repeated_parameter_is_an_invalid_request(grant_type: str, name: str) -> None:
    fields = {"grant_type": grant_type, "code": "c", "refresh_token": "r", "scope": "s"} | {name: VERIFIER}
    fields["grant_type"] = grant_type
    twice = Parameters((*fields.items(), (name, VERIFIER)))

    with pytest.raises(OAuthError) as refusal:
        parse_token_request(twice)

    assert refusal.value.description == f"The parameter {name} was sent more than once."


def test_secrets_are_not_shown() -> None:
    exchange = parse_token_request(form(grant_type="authorization_code", code="hidden", code_verifier=VERIFIER))
    refresh = parse_token_request(form(grant_type="refresh_token", refresh_token="hidden"))

    assert "hidden" not in repr(exchange) + repr(refresh)
    assert VERIFIER not in repr(exchange)


NAMES = ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "resource"]


@given(
    st.sampled_from(["authorization_code", "refresh_token"]),
    st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.text(), st.just(VERIFIER)))),
)
def test_in_06_no_parameters_raise_anything_but_an_oauth_error(grant: str, pairs: list[tuple[str, str]]) -> None:
    code: str = "invalid_request"
    try:
        parse_token_request(Parameters((("grant_type", grant), *pairs)))
    except OAuthError as error:
        code = error.code
    assert code in {"invalid_request", "invalid_scope", "invalid_target"}
