import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.oauth.client_metadata import GRANT_TYPES, ClientMetadata

_TEXT = st.text(max_size=20)


@pytest.mark.shows("RFC 7591 §2")
def test_a_client_that_says_nothing_has_the_defaults_of_section_2_and_costs_no_text() -> None:
    metadata = ClientMetadata()

    assert metadata.to_json() == "{}"
    assert metadata.grant_types == ("authorization_code", "refresh_token")
    assert not metadata.may_use("client_credentials")


@given(
    st.builds(
        ClientMetadata,
        grant_types=st.lists(st.sampled_from(GRANT_TYPES), unique=True).map(tuple),
        jwks=st.none() | _TEXT,
        subject_type=st.sampled_from(["public", "pairwise"]),
        default_max_age=st.none() | st.integers(min_value=0),
        post_logout_redirect_uris=st.lists(_TEXT).map(tuple),
        dpop_bound_access_tokens=st.booleans(),
    )
)
def test_what_is_stored_of_a_client_is_read_back_as_it_was(metadata: ClientMetadata) -> None:
    assert ClientMetadata.from_json(metadata.to_json()) == metadata


@pytest.mark.shows("RFC 7591 §2 unknown-ignored")
def test_a_member_of_a_later_version_is_left_out() -> None:
    assert ClientMetadata.from_json('{"a_later_member":1,"subject_type":"pairwise"}').subject_type == "pairwise"
