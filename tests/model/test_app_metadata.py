"""What an administrator may enter of an app's behaviour in the protocol, and every fault named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.app import AppType
from consentry.model.app_metadata import MEMBERS, differences, find_metadata_faults, with_members
from consentry.model.fixed_credentials import FixedCredentials, find_fixed_faults, secret_digest
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.oauth.client_metadata import ClientMetadata

CALLBACK = ("https://client.test/cb",)
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
CONFIDENTIAL, PUBLIC = AppType.CONFIDENTIAL, AppType.PUBLIC


def faults_of(app_type: AppType = CONFIDENTIAL, redirect_uris: tuple[str, ...] = CALLBACK, **members: Any) -> set[str]:
    metadata, faults = with_members(ClientMetadata(), members)
    return {fault.field for fault in (*faults, *find_metadata_faults(metadata, app_type, redirect_uris))}


GOOD: list[dict[str, Any]] = [
    {},
    {"grant_types": ["client_credentials"]},
    {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]},
    {"application_type": "native", "software_id": "4NRB1", "software_version": "2.1"},
    {"token_endpoint_auth_method": "client_secret_post"},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}},
    {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://client.test/jwks"},
    {"jwks": json.dumps({"keys": [KEY]})},
    {"require_pushed_authorization_requests": True, "dpop_bound_access_tokens": True},
    {"subject_type": "pairwise", "id_token_signed_response_alg": "EdDSA", "default_max_age": 0},
    {"post_logout_redirect_uris": ["https://client.test/bye", "http://127.0.0.1/bye"]},
    {"backchannel_logout_uri": "https://client.test/logout", "backchannel_logout_session_required": True},
    {"client_uri": "https://client.test", "tos_uri": "http://localhost/tos", "contacts": ["dev@client.test"]},
]


@pytest.mark.parametrize("members", GOOD)
def test_what_the_specifications_allow_is_taken(members: dict[str, Any]) -> None:
    assert faults_of(**members) == set()


BAD: list[tuple[str, dict[str, Any]]] = [
    ("nonsense", {"nonsense": "x"}),
    ("scope", {"scope": "invoicing:write"}),
    ("grant_types", {"grant_types": []}),
    ("grant_types", {"grant_types": ["password"]}),
    ("grant_types", {"grant_types": "authorization_code"}),
    ("grant_types", {"grant_types": ["client_credentials", "refresh_token"]}),
    ("application_type", {"application_type": "desktop"}),
    ("token_endpoint_auth_method", {"token_endpoint_auth_method": "client_secret_jwt"}),
    ("token_endpoint_auth_method", {"token_endpoint_auth_method": "none"}),
    ("token_endpoint_auth_method", {"token_endpoint_auth_method": "private_key_jwt"}),
    ("token_endpoint_auth_signing_alg", {"token_endpoint_auth_signing_alg": "HS256"}),
    ("token_endpoint_auth_signing_alg", {"token_endpoint_auth_signing_alg": "ES256"}),
    ("jwks_uri", {"jwks": {"keys": [KEY]}, "jwks_uri": "https://client.test/jwks"}),
    ("jwks_uri", {"jwks_uri": "http://client.test/jwks"}),
    ("jwks_uri", {"jwks_uri": 5}),
    ("jwks", {"jwks": "not JSON"}),
    ("jwks", {"jwks": [KEY]}),
    ("jwks", {"jwks": {"keys": []}}),
    ("require_pushed_authorization_requests", {"require_pushed_authorization_requests": "yes"}),
    ("subject_type", {"subject_type": "secret"}),
    ("id_token_signed_response_alg", {"id_token_signed_response_alg": "none"}),
    ("default_max_age", {"default_max_age": -1}),
    ("default_max_age", {"default_max_age": True}),
    ("default_max_age", {"default_max_age": "60"}),
    ("post_logout_redirect_uris.1", {"post_logout_redirect_uris": [CALLBACK[0], "http://client.test/bye"]}),
    ("post_logout_redirect_uris.1", {"post_logout_redirect_uris": [CALLBACK[0]] * 2}),
    ("post_logout_redirect_uris", {"post_logout_redirect_uris": [f"https://client.test/{n}" for n in range(21)]}),
    ("backchannel_logout_uri", {"backchannel_logout_uri": "http://127.0.0.1/logout"}),
    ("backchannel_logout_uri", {"backchannel_logout_uri": "https://client.test/logout#x"}),
    ("backchannel_logout_uri", {"backchannel_logout_uri": "https://user@client.test/logout"}),
    ("client_uri", {"client_uri": "javascript:alert(1)"}),
    ("logo_uri", {"logo_uri": "data:image/png,x"}),
    ("contacts", {"contacts": ["a@client.test"] * 11}),
    ("contacts", {"contacts": ["a\n@client.test"]}),
    ("software_id", {"software_id": "x" * 201}),
]


@pytest.mark.shows("Back-Channel Logout §2.2 uri")
@pytest.mark.parametrize(("field", "members"), BAD)
def test_everything_else_is_refused_by_name(field: str, members: dict[str, Any]) -> None:
    assert faults_of(**members) == {field}


PRIVATE_EC = KEY | {"d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}
WEAK_RSA = {"kty": "RSA", "e": "AQAB", "n": "x" * 171}


@pytest.mark.parametrize("key", [PRIVATE_EC, WEAK_RSA, {"kty": "oct", "k": "c2VjcmV0"}, {}, "x"])
def test_jw_12_keys_that_are_private_or_weak_are_refused(key: Any) -> None:
    assert faults_of(jwks={"keys": [KEY | {"kid": "1"}, key]}) == {"jwks"}


@pytest.mark.parametrize(
    ("field", "members"),
    [
        ("grant_types", {"grant_types": ["client_credentials"]}),
        ("token_endpoint_auth_method", {"token_endpoint_auth_method": "client_secret_basic"}),
        ("token_endpoint_auth_method", {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}}),
    ],
)
def test_a_public_app_has_neither_secret_nor_grant_of_its_own(field: str, members: dict[str, Any]) -> None:
    assert faults_of(PUBLIC, **members) == {field}


def test_pairwise_subjects_over_several_hosts_need_a_document() -> None:
    uris = ("https://one.test/cb", "https://two.test/cb")

    assert faults_of(redirect_uris=uris, subject_type="pairwise") == {"sector_identifier_uri"}
    document = "https://one.test/uris.json"
    assert faults_of(redirect_uris=uris, subject_type="pairwise", sector_identifier_uri=document) == set()


def test_null_and_empty_text_give_the_default_back_and_what_is_not_named_stays() -> None:
    before, _ = with_members(
        ClientMetadata(), {"default_max_age": 60, "client_uri": CALLBACK[0], "logo_uri": CALLBACK[0]}
    )

    after, faults = with_members(before, {"default_max_age": None, "client_uri": ""})

    assert faults == ()
    assert after == ClientMetadata(logo_uri=CALLBACK[0])
    assert differences(before, after) == {
        "client_uri": f"{CALLBACK[0]} -> none",
        "default_max_age": "60 -> none",
    }


def test_the_audit_tells_that_a_key_set_changed_and_not_the_keys() -> None:
    after, _ = with_members(ClientMetadata(), {"jwks": {"keys": [KEY]}})

    assert differences(ClientMetadata(), after) == {"jwks": "changed"}


@given(
    st.dictionaries(
        st.sampled_from(MEMBERS) | st.text(max_size=8),
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=8), max_size=3),
    ),
    st.sampled_from(AppType),
)
def test_whatever_is_entered_is_judged_and_what_is_taken_is_kept_as_it_is(
    members: dict[str, Any], app_type: AppType
) -> None:
    metadata, faults = with_members(ClientMetadata(), members)

    if not faults and not find_metadata_faults(metadata, app_type, CALLBACK):
        assert ClientMetadata.from_json(metadata.to_json()) == metadata


STRONG = "FOQo8WuEBmu04KSzitE6zPodY61zfv557NnKzc1JNtjD5hUz"


@pytest.mark.parametrize(
    "secret",
    ["", "short", "x" * 31, "a" * 40, "ab" * 20, "correct horse battery staple and more words", f"{STRONG}\u00e9"],
)
def test_a_secret_that_could_be_guessed_or_typed_in_two_ways_is_refused(secret: str) -> None:
    faults = find_fixed_faults(FixedCredentials("suite-1", Secret(secret)), is_public=False)

    assert [fault.field for fault in faults] == ["client_secret"]


@pytest.mark.parametrize("client_id", ["", "app_1", "res_x", "shared_x", "https://x", "a b", "a.b", "x" * 65, "-x"])
def test_a_client_id_that_could_be_mistaken_is_refused(client_id: str) -> None:
    faults = find_fixed_faults(FixedCredentials(client_id), is_public=True)

    assert [fault.field for fault in faults] == ["client_id"]


def test_a_random_secret_of_ones_own_is_taken_and_kept_as_a_digest() -> None:
    ours = format_credential(CredentialKind.CLIENT_SECRET, "0" * 22, Secret("s" * 43)).reveal()

    assert find_fixed_faults(FixedCredentials("suite-1", Secret(STRONG)), is_public=False) == ()
    assert secret_digest(STRONG) == digest(Secret(STRONG))
    assert secret_digest(ours) == digest(Secret("s" * 43))
    assert secret_digest(f"{ours[:-1]}!") is None
    assert find_fixed_faults(FixedCredentials(None, Secret(STRONG)), is_public=True)[0].field == "client_secret"
