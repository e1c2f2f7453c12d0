"""RFC 9728: what an API says about itself, where it says it, and how a refusal leads there; with its own examples."""

import json

import pytest

from consentry.gate.gate import Gate, UnknownScopeError
from consentry.gate.resource_metadata import answer_document
from consentry.model.access import Reason, Refused
from consentry.model.catalog import Catalog
from consentry.oauth.protected_resource import ProtectedResource
from consentry.oauth.scope import Scope

ISSUER = "https://connect.books.test"
MCP = "https://books.test/mcp"
WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.mark.shows("RFC 9728 §3.1", "RFC 9728 §3")
@pytest.mark.parametrize(
    ("identifier", "metadata"),
    [
        # §3.1 has the first two.
        ("https://resource.example.com", f"https://resource.example.com{WELL_KNOWN}"),
        ("https://resource.example.com/resource1", f"https://resource.example.com{WELL_KNOWN}/resource1"),
        ("https://resource.example.com/", f"https://resource.example.com{WELL_KNOWN}"),
        ("https://resource.example.com:8443/a/b/", f"https://resource.example.com:8443{WELL_KNOWN}/a/b/"),
        ("https://resource.example.com/a?tenant=7", f"https://resource.example.com{WELL_KNOWN}/a?tenant=7"),
        ("http://localhost:8410/mcp", f"http://localhost:8410{WELL_KNOWN}/mcp"),
        ("http://[::1]:8410/mcp", f"http://[::1]:8410{WELL_KNOWN}/mcp"),
    ],
)
def test_the_well_known_part_goes_between_host_and_path(identifier: str, metadata: str) -> None:
    assert ProtectedResource(identifier).metadata_url == metadata


@pytest.mark.shows("RFC 9728 §1.2")
@pytest.mark.parametrize("identifier", ["urn:books:api", "http://books.test/mcp", "api://books"])
def test_only_a_web_address_has_metadata(identifier: str) -> None:
    resource = ProtectedResource(identifier)

    assert not resource.has_metadata
    assert resource.metadata_paths == ()
    assert answer_document(resource, ISSUER, "GET", WELL_KNOWN) is None


@pytest.mark.parametrize("identifier", ["", "/mcp", "https://books.test/mcp#part", "https://books.test/ a"])
def test_what_is_no_identifier_is_refused_at_the_start(identifier: str) -> None:
    with pytest.raises(ValueError, match="RFC 8707"):
        ProtectedResource(identifier)


def test_c_02_offline_access_is_no_scope_of_an_api() -> None:
    with pytest.raises(ValueError, match="offline_access"):
        ProtectedResource(MCP, ("invoicing:read", "offline_access"))


def test_a_scope_that_the_catalog_does_not_have_is_refused_at_the_start(catalog: Catalog) -> None:
    with pytest.raises(UnknownScopeError, match="Did you mean invoicing:read"):
        Gate(catalog, ISSUER, ProtectedResource(MCP, ("invoicing:reed",)))


@pytest.mark.shows("RFC 9728 §2", "RFC 9728 §3.2", "RFC 9728 §3.3")
def test_the_document_names_the_api_to_the_letter_and_the_server_whose_tokens_it_takes() -> None:
    resource = ProtectedResource(MCP, ("invoicing:read",), "Tallybook", "https://books.test/docs")

    answer = answer_document(resource, ISSUER, "GET", f"{WELL_KNOWN}/mcp")

    assert answer is not None
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(answer.body) == {
        "resource": MCP,
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["invoicing:read"],
        "resource_name": "Tallybook",
        "resource_documentation": "https://books.test/docs",
    }


@pytest.mark.shows("RFC 9728 §3.2 json")
@pytest.mark.shows("RFC 9728 §3.2")
def test_what_there_is_nothing_to_say_about_is_left_out() -> None:
    assert ProtectedResource(MCP).document(ISSUER) == {
        "resource": MCP,
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", WELL_KNOWN, 200),
        ("HEAD", f"{WELL_KNOWN}/mcp", 200),
        ("OPTIONS", f"{WELL_KNOWN}/mcp", 204),
        ("POST", f"{WELL_KNOWN}/mcp", 405),
        ("GET", f"{WELL_KNOWN}/other", None),
        ("GET", f"{WELL_KNOWN}/mcp/", None),
        ("GET", "/mcp", None),
    ],
)
def test_it_is_read_at_two_paths_and_nowhere_else(method: str, path: str, status: int | None) -> None:
    answer = answer_document(ProtectedResource(MCP), ISSUER, method, path)

    assert (None if answer is None else answer.status) == status
    assert answer is None or method != "HEAD" or answer.body == b""


@pytest.mark.shows("RFC 9728 §5.1")
@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (Refused(Reason.CREDENTIAL_MISSING, "Send one."), {"resource_metadata", 'scope="invoicing:read"'}),
        (Refused(Reason.EXPIRED, "It is over."), {"resource_metadata", 'scope="invoicing:read"', "invalid_token"}),
        (
            Refused(Reason.SCOPE_NOT_GRANTED, "Ask.", "client.read", Scope.of("contacts:read")),
            {"resource_metadata", 'scope="contacts:read"', "insufficient_scope"},
        ),
        # Nothing that the server could do about these.
        (Refused(Reason.USER_LACKS_PERMISSION, "No.", "client.read"), {"access_denied"}),
        (Refused(Reason.TOOL_NOT_DECLARED, "No."), {"access_denied"}),
    ],
)
def test_a_refusal_leads_to_the_metadata_where_that_helps(catalog: Catalog, refused: Refused, told: set[str]) -> None:
    gate = Gate(catalog, ISSUER, ProtectedResource(MCP, ("invoicing:read",)))

    header = gate.refusal(refused).answer.headers["www-authenticate"]

    words = {"resource_metadata", 'scope="', "invalid_token", "insufficient_scope", "access_denied"}
    assert all(word in header for word in told), header
    assert not [word for word in words if word in header and not any(word in one for one in told)], header
    assert f'resource_metadata="https://books.test{WELL_KNOWN}/mcp"' in header or "resource_metadata" not in told


def test_a_guard_without_a_resource_says_nothing_of_metadata(catalog: Catalog) -> None:
    answer = Gate(catalog, ISSUER).refusal(Refused(Reason.CREDENTIAL_MISSING, "Send one.")).answer

    assert answer.headers["www-authenticate"].startswith('Bearer realm="consentry", DPoP ')
    assert "access-control-allow-origin" not in answer.headers
