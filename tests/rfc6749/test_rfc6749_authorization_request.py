"""The authorization request is read in two steps. RFC 6749 §4.1.1 and §4.1.2.1."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.authorization_request import AuthorizationRequest, ClientReference, find_state
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.redirect_uri import response_uri
from consentry.oauth.scope import Scope

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VALID = {"response_type": "code", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def query(**fields: str) -> Parameters:
    return Parameters.from_query(urlencode({name: value for name, value in (VALID | fields).items() if value}))


def parse(**fields: str) -> AuthorizationRequest:
    return AuthorizationRequest.parse(query(**fields), require_pkce=True)


def refusal_of(parameters: Parameters) -> OAuthError:
    with pytest.raises(OAuthError) as refusal:
        AuthorizationRequest.parse(parameters, require_pkce=True)
    return refusal.value


def test_the_client_and_its_redirect_uri_are_read_first_and_alone() -> None:
    broken = Parameters.from_query("client_id=app_1&redirect_uri=https://client.test/cb&scope=a&scope=b&request=x")

    assert ClientReference.parse(broken) == ClientReference("app_1", "https://client.test/cb")
    assert ClientReference.parse(Parameters.from_query("client_id=app_1")).redirect_uri is None


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "client_id=",
        "client_id=a&client_id=b",
        "client_id=a&redirect_uri=b&redirect_uri=c",
        "client_id=a%0Ab",
        "client_id=%C3%A9",
        "client_id=" + "a" * 2001,
    ],
)
def test_in_01_a_client_that_cannot_be_read_is_an_invalid_request(raw: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        ClientReference.parse(Parameters.from_query(raw))

    assert refusal.value.code == ErrorCode.INVALID_REQUEST


def test_a_plain_request_has_defaults_for_everything_else() -> None:
    assert parse() == AuthorizationRequest(
        scope=Scope(),
        state=None,
        code_challenge=CHALLENGE,
        nonce=None,
        resource=(),
        dpop_jkt=None,
        prompt=frozenset(),
        login_hint=None,
        max_age=None,
        ui_locales=(),
    )


def test_every_parameter_is_read() -> None:
    request = AuthorizationRequest.parse(
        Parameters.from_query(
            urlencode(VALID)
            + "&scope=b+a&state=s&nonce=n&resource=https://a.test/&resource=urn:b&prompt=login+consent+unknown"
            + "&login_hint=mia@example.test&max_age=0&ui_locales=fr-CA+de+!&response_mode=query&display=page"
        ),
        require_pkce=True,
    )

    assert request.scope == Scope.of("a", "b")
    assert (request.state, request.nonce, request.login_hint) == ("s", "n", "mia@example.test")
    assert request.resource == ("https://a.test/", "urn:b")
    assert request.prompt == {"login", "consent"}
    assert request.max_age == 0
    assert request.ui_locales == ("fr-CA", "de")


@pytest.mark.shows("RFC 6749 §3.1.1 response-type", "RFC 6749 §4.1.2.1 codes", "RFC 7636 §4.4.1 method")
@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        pytest.param({"response_type": ""}, "invalid_request", "response_type", id="missing response_type"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", "response_type", id="PK-14 implicit"),
        pytest.param({"response_type": "code id_token"}, "unsupported_response_type", "code", id="PK-14 hybrid"),
        pytest.param({"response_mode": "web_message"}, "invalid_request", "response_mode", id="web_message"),
        pytest.param({"response_mode": "fragment"}, "invalid_request", "response_mode", id="fragment"),
        pytest.param({"request": "e30.e30."}, "request_not_supported", "request", id="request object"),
        pytest.param({"request_uri": "urn:a"}, "request_uri_not_supported", "request_uri", id="request URI"),
        pytest.param({"code_challenge": ""}, "invalid_request", "code_challenge", id="PK-01"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", "S256", id="PK-02 plain"),
        pytest.param({"code_challenge_method": ""}, "invalid_request", "S256", id="PK-02 omitted"),
        pytest.param({"scope": 'a"b'}, "invalid_scope", "scope", id="IN-09"),
        pytest.param({"scope": "a " * 9000}, "invalid_scope", "scope", id="IN-08"),
        pytest.param({"resource": "/relative"}, "invalid_target", "resource", id="resource"),
        pytest.param({"state": "s" * 8193}, "invalid_request", "state", id="state too long"),
        pytest.param({"nonce": "n" * 1025}, "invalid_request", "nonce", id="nonce too long"),
        pytest.param({"login_hint": "h" * 1025}, "invalid_request", "login_hint", id="login_hint too long"),
        pytest.param({"prompt": "none login"}, "invalid_request", "prompt", id="prompt none with another"),
        pytest.param({"max_age": "-1"}, "invalid_request", "max_age", id="IN-11 negative"),
        pytest.param({"max_age": str(2**31)}, "invalid_request", "max_age", id="IN-11 2^31"),
        pytest.param({"max_age": str(2**63)}, "invalid_request", "max_age", id="IN-11 2^63"),
        pytest.param({"max_age": "1e309"}, "invalid_request", "max_age", id="IN-11 float"),
        pytest.param({"max_age": "０"}, "invalid_request", "max_age", id="IN-11 full-width digit"),  # noqa: RUF001 - the subject
    ],
)
def test_a_fault_is_answered_with_its_code_and_names_the_parameter(
    fields: dict[str, str], code: str, named: str
) -> None:
    error = refusal_of(query(**fields))

    assert error.code == code
    assert named in error.description


@pytest.mark.shows("RFC 6749 §3.1 not-twice")
@pytest.mark.parametrize(
    "name", ["response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age"]
)
def test_in_01_a_repeated_parameter_is_an_invalid_request(name: str) -> None:
    twice = Parameters((*query(**{name: "1"}).pairs, (name, "1")))

    assert refusal_of(twice).code == ErrorCode.INVALID_REQUEST


def test_pkce_may_be_left_out_where_an_administrator_said_so() -> None:
    without = query(code_challenge="", code_challenge_method="")

    assert AuthorizationRequest.parse(without, require_pkce=False).code_challenge is None
    assert AuthorizationRequest.parse(query(), require_pkce=False).code_challenge == CHALLENGE


def test_a_challenge_method_without_a_challenge_is_refused_even_then() -> None:
    with pytest.raises(OAuthError, match="without code_challenge"):
        AuthorizationRequest.parse(query(code_challenge=""), require_pkce=False)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("007", 7), (str(2**31 - 1), 2**31 - 1)])
def test_max_age_is_a_number_of_seconds(text: str, seconds: int) -> None:
    assert parse(max_age=text).max_age == seconds


def test_prompt_none_stands_alone() -> None:
    assert parse(prompt="none").prompt == {"none"}


def test_only_so_many_languages_are_kept() -> None:
    assert parse(ui_locales=" ".join(["en"] * 500)).ui_locales == ("en",) * 20


@pytest.mark.parametrize(
    ("raw", "state"),
    [("state=a%20b", "a b"), ("", None), ("state=", None), ("state=a&state=b", None), ("state=" + "a" * 8193, None)],
)
def test_an_error_carries_the_state_if_it_can_be_trusted(raw: str, state: str | None) -> None:
    assert find_state(Parameters.from_query(raw)) == state


@pytest.mark.shows("RFC 6749 §4.1.2 state")
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_pk_15_state_comes_back_byte_for_byte(state: str) -> None:
    request = parse(state=state)
    assert request.state == state

    answer = response_uri("https://client.test/cb?tab=1", {"code": "c", "state": state})

    assert answer.isascii()
    assert "<" not in answer
    assert '"' not in answer
    assert Parameters.from_query(answer.partition("?")[2]).pairs == (("tab", "1"), ("code", "c"), ("state", state))


NAMES = [
    *("response_type", "response_mode", "scope", "state", "code_challenge", "code_challenge_method", "nonce"),
    *("resource", "prompt", "login_hint", "max_age", "ui_locales", "request", "client_id", "claims", "id_token_hint"),
]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.text(), st.sampled_from(["code", "S256", "1"])))))
def test_in_06_no_parameters_raise_anything_but_an_oauth_error(pairs: list[tuple[str, str]]) -> None:
    codes = {
        *("invalid_request", "unsupported_response_type", "invalid_scope", "invalid_target", "request_not_supported")
    }
    parameters = Parameters((*pairs, ("response_type", "code")))

    code: str = "invalid_request"
    try:
        AuthorizationRequest.parse(parameters, require_pkce=False)
    except OAuthError as error:
        code = error.code
    assert code in codes
