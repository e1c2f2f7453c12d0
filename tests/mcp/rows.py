"""Where each requirement of MCP clients is shown, beside the tests here that carry its row in their name."""

from collections.abc import Mapping

_DOCUMENT = "client_id_metadata_document/test_client_id_metadata_document.py"

ROWS = (
    *(f"C-{number:02}" for number in range(1, 8)),
    *(f"C-{number}" for number in range(10, 16)),
    *(f"C-{number}" for number in range(20, 27)),
    *(f"C-{number}" for number in range(30, 39)),
)
"""Every row: discovery, registration, authorization, tokens."""

SHOWN_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "C-03": (
        "rfc8414/test_rfc8414_metadata.py::test_the_well_known_part_goes_before_the_path_of_the_issuer",
        "rfc8414/test_rfc8414_metadata_over_http.py::test_mc_07_no_other_issuer_has_metadata_here",
    ),
    "C-10": (
        f"{_DOCUMENT}::test_c_10_a_document_that_keeps_failing_is_not_fetched_at_every_request",
        f"{_DOCUMENT}::test_ss_06_the_size_is_bounded_and_the_bound_can_be_set",
    ),
    "C-11": (f"{_DOCUMENT}::test_c_11_a_client_that_prefers_a_key_and_can_do_without_is_accepted_without",),
    "C-12": (
        "rfc7591/test_rfc7591_registration.py::test_c_12_the_same_public_registration_is_one_app",
        "rfc7591/test_rfc7591_registration.py::test_mc_04_a_flood_from_one_source_is_slowed_down",
        "rfc7591/test_rfc7591_registration.py::test_unknown_members_and_statements_change_nothing_and_null_is_absent",
    ),
    "C-13": (
        "rfc7591/test_rfc7591_registration.py::test_c_13_one_private_scheme_does_not_sink_the_others",
        "rfc7591/test_rfc7591_registration.py::test_c_13_loopback_http_is_accepted_whatever_the_application_type",
    ),
    "C-21": (
        "rfc7636/test_rfc7636_pkce.py::test_pk_02_every_method_but_s256_is_refused",
        "rfc6749/test_rfc6749_token_over_http.py::test_pk_07_a_code_used_twice_ends_what_the_first_use_gave",
    ),
    "C-22": (
        "rfc8707/test_rfc8707_resource.py::test_the_slash_at_the_root_makes_no_other_resource_and_everything_else_does",
        "rfc8707/test_rfc8707_audience.py::test_mc_03_the_resource_cannot_be_swapped_or_added_at_the_token_endpoint",
    ),
    "C-31": (
        "rfc9700/test_rfc9700_refresh_rotation.py::test_rt_02_fifty_refreshes_at_once_all_get_one_successor",
        "rfc9700/test_rfc9700_refresh_rotation.py::test_the_grace_window_never_revives_an_ended_family_or_connection",
    ),
}
"""Tests of the specifications, by their place below `tests`."""
