"""The suite's plans for RP-initiated and back-channel logout, each test under its module's name there."""

import json
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from urllib.parse import parse_qs, urlencode

import pytest
from joserfc import jwt

from certificates import write_certificate
from conformance_server import EXAMPLE, ConformanceServer, KnownClient, running_conformance_server
from openid_suite import Browser, Suite, Walk
from user_agent import forms_of

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def received() -> Queue[dict[str, list[str]]]:
    """The forms that were posted to the client's logout endpoint."""
    return Queue()


@pytest.fixture(scope="module")
def logout_endpoint(tmp_path_factory: pytest.TempPathFactory, received: Queue[dict[str, list[str]]]) -> Iterator[str]:
    """The address of the client's own https server, whose certificate is its own work and names another host."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    certificate = write_certificate(tmp_path_factory.mktemp("client") / "tls.pem", "elsewhere.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}/backchannel_logout"
        server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, logout_endpoint: str) -> Iterator[ConformanceServer]:
    folder = tmp_path_factory.mktemp("conformance")
    known = json.loads((EXAMPLE / "clients.json").read_text("utf-8"))
    known["clients"][0]["backchannel_logout_uri"] = logout_endpoint
    (folder / "clients.json").write_text(json.dumps(known))
    with running_conformance_server(folder / "running", folder / "clients.json") as running:
        yield running


@pytest.fixture(scope="module")
def suite(server: ConformanceServer) -> Suite:
    return Suite(server)


@pytest.fixture
def browser(server: ConformanceServer) -> Iterator[Browser]:
    with Browser(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(server: ConformanceServer) -> KnownClient:
    return server.clients[0]


def back(client: KnownClient) -> str:
    uri: str = client.members["post_logout_redirect_uris"][0]
    return uri


def log_out(suite: Suite, browser: Browser, **parameters: str) -> Walk:
    """Send the browser to the end_session_endpoint, and press the button where one is asked."""
    walk = browser.go(f"{suite.metadata['end_session_endpoint']}?{urlencode(parameters)}")
    if walk.end is not None and (asked := [one for one in forms_of(walk.end.text) if "logout" in one.action]):
        walk = browser.press(walk.end, asked[0].action)
        walk.pages.insert(0, "confirm")
    return walk


def is_signed_in(suite: Suite, browser: Browser, client: KnownClient) -> bool:
    walk, _ = suite.authorize(browser, client, prompt="none")
    assert "code" in walk.answer or walk.answer["error"] == "login_required"
    return "code" in walk.answer


@pytest.mark.shows("RP-Initiated Logout §2.1 metadata", "Back-Channel Logout §2.1 metadata")
def test_oidcc_rp_initiated_and_backchannel_logout_discovery_endpoint_verification(suite: Suite) -> None:
    assert suite.metadata["end_session_endpoint"].startswith("https://")
    assert suite.metadata["backchannel_logout_supported"] is True
    assert suite.metadata["backchannel_logout_session_supported"] is True


@pytest.mark.shows(
    "RP-Initiated Logout §2 session-ends",
    "RP-Initiated Logout §3 state",
    "RP-Initiated Logout §3 after",
    "RP-Initiated Logout §3 registered",
)
@pytest.mark.parametrize("state", [{"state": "s" * 128}, {}], ids=["", "no_state"])
def test_oidcc_rp_initiated_logout(suite: Suite, browser: Browser, client: KnownClient, state: dict[str, str]) -> None:
    """And oidcc-rp-initiated-logout-no-state."""
    _, tokens, _ = suite.sign_in(browser, client)

    walk = log_out(suite, browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(client), **state)

    assert walk.came_back_to == back(client)
    assert walk.answer == state
    assert not is_signed_in(suite, browser, client)


@pytest.mark.shows("RP-Initiated Logout §3 registered", "RP-Initiated Logout §4 errors")
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
    suite: Suite, browser: Browser, client: KnownClient
) -> None:
    _, tokens, _ = suite.sign_in(browser, client)

    walk = log_out(
        suite, browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(client) + "/x", state="s"
    )

    assert walk.came_back_to is None


def with_another_signature(id_token: str) -> str:
    header, claims, signature = id_token.split(".")
    other = ("A" if signature[5] != "A" else "B").join([signature[:5], signature[6:]])
    return f"{header}.{claims}.{other}"


def without_signature(id_token: str) -> str:
    header = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{id_token.split('.')[1]}."


@pytest.mark.shows("RP-Initiated Logout §2 hint", "RP-Initiated Logout §4 errors")
@pytest.mark.parametrize("modified", [with_another_signature, without_signature])
def test_oidcc_rp_initiated_logout_modified_id_token_hint(
    suite: Suite, browser: Browser, client: KnownClient, modified: Callable[[str], str]
) -> None:
    _, tokens, _ = suite.sign_in(browser, client)

    walk = log_out(
        suite,
        browser,
        id_token_hint=modified(tokens["id_token"]),
        post_logout_redirect_uri=back(client),
        state="s",
    )

    assert walk.came_back_to is None


@pytest.mark.shows("RP-Initiated Logout §3 no-open-redirector", "RP-Initiated Logout §2 ask")
@pytest.mark.parametrize(
    "names",
    [("post_logout_redirect_uri", "state"), (), ("state",)],
    ids=["no_id_token_hint", "no_params", "only_state"],
)
def test_oidcc_rp_initiated_logout_without_a_hint(
    suite: Suite, browser: Browser, client: KnownClient, names: tuple[str, ...]
) -> None:
    """The modules oidcc-rp-initiated-logout-no-id-token-hint, -no-params and -only-state."""
    suite.sign_in(browser, client)
    sent = {"post_logout_redirect_uri": back(client), "state": "s"}

    walk = log_out(suite, browser, **{name: sent[name] for name in names})

    assert walk.pages == ["confirm"]
    assert walk.came_back_to is None
    assert not is_signed_in(suite, browser, client)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(
    suite: Suite, browser: Browser, client: KnownClient
) -> None:
    _, tokens, _ = suite.sign_in(browser, client)

    walk = log_out(suite, browser, id_token_hint=tokens["id_token"], state="s")

    assert walk.came_back_to is None
    assert not is_signed_in(suite, browser, client)


@pytest.mark.shows(
    "Back-Channel Logout §2.1 sid",
    "Back-Channel Logout §2.4 claims",
    "Back-Channel Logout §2.4 subject",
    "Back-Channel Logout §2.4 no-nonce",
    "Back-Channel Logout §2.4 events",
    "Back-Channel Logout §2.4 signed",
    "Back-Channel Logout §2.4 typ",
    "Back-Channel Logout §2.5 post",
)
def test_oidcc_backchannel_rp_initiated_logout(
    suite: Suite, browser: Browser, client: KnownClient, received: Queue[dict[str, list[str]]]
) -> None:
    _, tokens, claims = suite.sign_in(browser, client)
    while not received.empty():
        received.get()

    walk = log_out(suite, browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=back(client), state="s")

    assert walk.came_back_to == back(client)
    posted = received.get(timeout=20)
    assert list(posted) == ["logout_token"]
    token = jwt.decode(posted["logout_token"][0], suite.keys, algorithms=["RS256"])
    told = token.claims
    assert token.header["typ"] == "logout+jwt"
    assert told["iss"] == suite.server.issuer
    assert told["aud"] in (client.client_id, [client.client_id])
    assert told["jti"]
    assert told["iat"] < told["exp"]
    assert told["events"] == {EVENT: {}}
    assert (told["sub"], told["sid"]) == (claims["sub"], claims["sid"])
    assert "nonce" not in told
    assert not is_signed_in(suite, browser, client)
