"""Ledgerline, the sample command-line app, against a small authorization server and API over real HTTP."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sample_provider import Provider

from consentry.demo import command_line_app
from consentry.demo.command_line_loopback import LoopbackListener
from consentry.demo.command_line_tokens import StoredConnection, load, store

Browse = Callable[[str], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings" / "connection.json"


@pytest.fixture
def run(file: Path) -> Callable[..., int]:
    return lambda *arguments: command_line_app.main(["--file", str(file), *arguments])


@pytest.fixture
def connect(
    provider: Provider, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[str], list[str]]], int]:
    """Run `connect` with a browser that visits, one after the other, the addresses that `visits` returns."""

    def connect(visits: Callable[[str], list[str]]) -> int:
        browsers: list[threading.Thread] = []

        def browse(address: str) -> bool:
            def visit() -> None:
                for target in visits(address):
                    httpx.get(target)

            browsers.append(threading.Thread(target=visit))
            browsers[-1].start()
            return True

        monkeypatch.setattr("webbrowser.open", browse)
        code = run("connect", "--issuer", provider.url, "--api", provider.url, "--client-id", "app_1", "--wait", "3")
        for browser in browsers:
            browser.join()
        return code

    return connect


def stored(provider: Provider, *, expires_at: int = 4_000_000_000, access_token: str = "at0") -> StoredConnection:
    provider.access_tokens.add("at0")
    provider.refresh_tokens.add("rt0")
    return StoredConnection(provider.url, provider.url, "app_1", access_token, "rt0", "invoicing:read", expires_at)


def test_connecting_stores_the_tokens_for_their_owner_only(
    connect: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = connect(lambda address: [provider.approve(address)])

    connection = load(file)
    assert code == 0
    assert connection is not None
    assert (connection.access_token, connection.refresh_token) == ("at1", "rt1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "You approved: invoicing:read contacts:read" in capsys.readouterr().out


def test_the_redirect_uri_is_the_registered_one_with_a_free_port(
    connect: Callable[..., int], provider: Provider
) -> None:
    """RFC 8252 §7.3."""
    connect(lambda address: [provider.approve(address)])

    form = provider.token_requests[0]
    address = httpx.URL(form["redirect_uri"])
    assert (address.scheme, address.host, address.path) == ("http", "127.0.0.1", "/callback")
    assert address.port
    assert form["client_id"] == "app_1"
    assert provider.authorizations == [None]


def test_answers_that_are_not_ours_are_ignored_and_the_right_one_still_counts(
    connect: Callable[..., int], provider: Provider, file: Path
) -> None:
    code = connect(
        lambda address: [
            provider.approve(address, state="forged"),
            provider.approve(address, iss="https://elsewhere.example"),
            provider.approve(address).replace("/callback", "/elsewhere"),
            provider.approve(address),
        ]
    )

    assert code == 0
    assert len(provider.token_requests) == 1
    assert file.exists()


def test_a_user_who_declines_ends_the_command_with_the_reason(
    connect: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = connect(lambda address: [provider.decline(address)])

    assert code == 1
    assert "Not connected: The user declined." in capsys.readouterr().err
    assert not file.exists()


def test_waiting_for_an_answer_ends() -> None:
    with LoopbackListener(state="s", issuer="i") as listener:
        assert listener.wait(0.05) is None


def test_invoices_are_listed(
    run: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(file, stored(provider))

    assert run("invoices") == 0

    output = capsys.readouterr().out
    assert "INV-1001" in output
    assert "£1,250.00" in output


@pytest.mark.parametrize(
    "ended",
    [{"expires_at": 1_000_000_000}, {"access_token": "revoked"}],
    ids=["expired by the clock", "refused by the API"],
)
def test_a_token_that_ended_is_refreshed_without_being_asked(
    run: Callable[..., int], provider: Provider, file: Path, ended: dict[str, int | str]
) -> None:
    store(file, stored(provider, **ended))  # type: ignore[arg-type]  # each case gives one of the two

    assert run("invoices") == 0

    connection = load(file)
    assert connection is not None
    assert (connection.access_token, connection.refresh_token) == ("at1", "rt1")


def test_a_connection_that_was_ended_is_said_to_be_so(
    run: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(file, stored(provider))
    provider.access_tokens.clear()
    provider.refresh_tokens.clear()

    assert run("invoices") == 1

    error = capsys.readouterr().err
    assert "The connection was ended." in error
    assert "Run `connect`" in error


def test_a_missing_permission_is_explained(
    run: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(file, stored(provider))
    provider.refused["/invoices"] = (403, {"reason": "scope_not_granted", "scope": ["invoicing:read"]})

    assert run("invoices") == 1

    error = capsys.readouterr().err
    assert "reason: scope_not_granted" in error
    assert "scope: invoicing:read" in error
    assert provider.token_requests == []


def test_whoami_prints_what_the_connection_may_do_now(
    run: Callable[..., int], provider: Provider, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(file, stored(provider))

    assert run("whoami") == 0

    assert capsys.readouterr().out == "organisation: org_1\npermissions:\n  - invoice.read\nmissing: none\n"


def test_disconnecting_revokes_the_token_and_removes_the_file(
    run: Callable[..., int], provider: Provider, file: Path
) -> None:
    store(file, stored(provider))

    assert run("disconnect") == 0

    assert provider.revoked == ["rt0"]
    assert not file.exists()


def test_a_failed_disconnect_keeps_the_file_so_that_it_can_be_tried_again(
    run: Callable[..., int], provider: Provider, file: Path
) -> None:
    store(file, stored(provider))
    provider.refused["/oauth/revoke"] = (503, {"error": "temporarily_unavailable"})

    assert run("disconnect") == 1

    assert file.exists()


@pytest.mark.parametrize("command", ["invoices", "whoami", "disconnect"])
@pytest.mark.parametrize("content", [None, "", "[]", '{"issuer": 1}'])
def test_without_a_connection_every_command_says_to_connect_first(
    run: Callable[..., int], file: Path, command: str, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        file.parent.mkdir()
        file.write_text(content, encoding="utf-8")

    assert run(command) == 1

    assert "Run `connect` first." in capsys.readouterr().err


def test_a_server_that_is_away_is_said_to_be_so(
    run: Callable[..., int], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = "http://127.0.0.1:1"
    store(file, StoredConnection(away, away, "app_1", "at", "rt", "invoicing:read", 4_000_000_000))

    assert run("invoices") == 1

    assert "The server could not be reached." in capsys.readouterr().err
