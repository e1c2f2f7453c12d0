"""For which API a token is meant. RFC 8707 §2."""

import pytest

from consentry.oauth.errors import ErrorCode, OAuthError
from consentry.oauth.parameters import Parameters
from consentry.oauth.resource import is_same_resource, parse_resource


def parameters(*resources: str) -> Parameters:
    return Parameters(tuple(("resource", resource) for resource in resources))


@pytest.mark.shows("RFC 8707 §2 several")
def test_resources_are_read_in_the_order_sent_and_each_once() -> None:
    assert parse_resource(parameters("https://b.test/", "urn:a", "https://b.test/", "")) == ("https://b.test/", "urn:a")
    assert parse_resource(parameters()) == ()
    assert parse_resource(parameters("https://a.test/?tenant=1")) == ("https://a.test/?tenant=1",)


@pytest.mark.shows("RFC 8707 §2 absolute")
@pytest.mark.parametrize(
    "resource",
    [
        "a",
        "/a",
        "//a.test",
        ":a",
        "https://a.test/#",
        "https://a.test/#f",
        "a b:c",
        "urn:é",
        "urn:a\n",
        "u:" + "a" * 2000,
    ],
)
def test_anything_but_an_absolute_uri_without_fragment_is_an_invalid_target(resource: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        parse_resource(parameters(resource))

    assert refusal.value.code == ErrorCode.INVALID_TARGET


def test_the_number_of_resources_is_limited() -> None:
    ten = [f"urn:{number}" for number in range(10)]

    assert len(parse_resource(parameters(*ten))) == 10
    with pytest.raises(OAuthError, match="invalid_target: The request names more than 10 resources"):
        parse_resource(parameters(*ten, "urn:10"))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://api.test", "https://api.test", True),
        ("https://api.test", "https://api.test/", True),
        ("https://api.test/", "https://api.test", True),
        ("https://api.test/", "https://api.test//", False),
        ("https://api.test/v1", "https://api.test/v1/", False),
        ("https://api.test?a", "https://api.test/?a", False),
        ("https://api.test", "https://API.test", False),
        ("https://api.test", "https://api.test:443", False),
        ("https://api.test", "http://api.test", False),
    ],
)
def test_the_slash_at_the_root_makes_no_other_resource_and_everything_else_does(
    one: str, other: str, *, is_same: bool
) -> None:
    assert is_same_resource(one, other) == is_same
