"""The `claims` parameter. OpenID Connect Core 1.0 §5.5."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.claims_request import MAX_LENGTH, ClaimsRequest
from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.identity_scopes import SCOPE_OF_CLAIM
from consentry.oauth.scope import Scope

# The example of §5.5.
EXAMPLE = """
{
 "userinfo":
  {
   "given_name": {"essential": true},
   "nickname": null,
   "email": {"essential": true},
   "email_verified": {"essential": true},
   "picture": null,
   "http://example.info/claims/groups": null
  },
 "id_token":
  {
   "auth_time": {"essential": true},
   "acr": {"values": ["urn:mace:incommon:iap:silver"] }
  }
}
"""


@pytest.mark.shows("OpenID Connect Core §5.5 claims-parameter")
def test_the_example_of_the_section_is_understood() -> None:
    """OpenID Connect Core §5.5: what is not understood is ignored."""
    asked = ClaimsRequest.parse(EXAMPLE)

    assert asked.userinfo == {"given_name", "nickname", "email", "email_verified", "picture"}
    assert asked.id_token == frozenset()
    assert asked.essential_acr == ()
    assert asked.scope == Scope.of("profile", "email")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"id_token": {"acr": {"essential": true, "values": ["a", "b"]}}}', ("a", "b")),
        ('{"id_token": {"acr": {"essential": true, "value": "a"}}}', ("a",)),
        ('{"id_token": {"acr": {"essential": true, "values": [1, null, "a"]}}}', ("a",)),
        ('{"id_token": {"acr": {"essential": true}}}', ()),
        ('{"id_token": {"acr": {"essential": "true", "value": "a"}}}', ()),
        ('{"id_token": {"acr": {"value": "a"}}}', ()),
        ('{"id_token": {"acr": null}}', ()),
    ],
)
def test_only_an_essential_acr_with_values_is_insisted_on(text: str, values: tuple[str, ...]) -> None:
    """OpenID Connect Core §5.5.1.1."""
    assert ClaimsRequest.parse(text).essential_acr == values


@pytest.mark.parametrize("member", ["id_token", "userinfo"])
def test_a_sub_with_a_value_names_the_user(member: str) -> None:
    assert ClaimsRequest.parse(json.dumps({member: {"sub": {"value": "248289761001"}}})).subject == "248289761001"


@pytest.mark.parametrize("text", [None, "{}", '{"userinfo": {}}', '{"userinfo": null}', '{"other": 1}'])
def test_a_request_for_nothing_is_one(text: str | None) -> None:
    asked = ClaimsRequest.parse(text)

    assert asked == ClaimsRequest()
    assert asked.to_text() is None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '"x"',
        '{"userinfo": []}',
        '{"userinfo": {"email": true}}',
        '{"userinfo": {"email": null, "email": null}}',
        '{"userinfo": {}, "userinfo": {}}',
        "[" * MAX_LENGTH,
        '{"userinfo": ' + " " * MAX_LENGTH + "{}}",
        '{"userinfo": NaN}',
    ],
)
def test_what_is_no_request_for_claims_is_refused(text: str) -> None:
    with pytest.raises(OAuthError) as caught:
        ClaimsRequest.parse(text)

    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert "claims" in caught.value.description


NAMES = st.frozensets(st.sampled_from(sorted(SCOPE_OF_CLAIM)))


@given(NAMES, NAMES)
def test_what_is_kept_reads_as_what_was_asked(userinfo: frozenset[str], id_token: frozenset[str]) -> None:
    asked = ClaimsRequest(userinfo, id_token)

    assert ClaimsRequest.from_text(asked.to_text()) == asked


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["userinfo", "id_token", "sub", "acr", "email", "value", "essential"]), inner)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_in_06_no_json_raises_anything_but_an_oauth_error(document: Any) -> None:
    code: ErrorCode | None = None
    asked = ClaimsRequest()
    try:
        asked = ClaimsRequest.parse(json.dumps(document))
    except OAuthError as error:
        code = error.code
    assert code in {None, ErrorCode.INVALID_REQUEST}
    assert asked.userinfo | asked.id_token <= SCOPE_OF_CLAIM.keys()
