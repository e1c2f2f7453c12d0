"""Ledgerline, the sample command-line app: a public client that comes back over a loopback port, or by a code.

RFC 8252, RFC 8628.

python -m consentry.demo.command_line_app connect --issuer URL --api URL --client-id ID [--device]
python -m consentry.demo.command_line_app invoices | whoami | disconnect
"""

import argparse
import secrets
import sys
import webbrowser
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode

import httpx

from consentry.clock import SystemClock
from consentry.demo.api_failure import Failure, failure_of, unreachable
from consentry.demo.command_line_device import ask_for_codes, instructions, wait_for_answer
from consentry.demo.command_line_loopback import LoopbackListener
from consentry.demo.command_line_tokens import StoredConnection, default_file, forget, load, store

_SCOPES = "invoicing:read contacts:read"
_NOT_CONNECTED = "You are not connected. Run `connect` first."


class CommandError(Exception):
    """A command could not be done; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """What `connect` needs to know."""

    issuer: str
    api_url: str
    client_id: str
    scope: str
    opens_browser: bool
    wait_seconds: float


def connect(http: httpx.Client, options: ConnectOptions, file: Path) -> StoredConnection:
    """Send the user to the authorization page, wait for the answer, and store the tokens."""
    verifier = secrets.token_urlsafe(48)
    challenge = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    state = secrets.token_urlsafe(24)
    with LoopbackListener(state=state, issuer=options.issuer) as listener:
        query = {
            "response_type": "code",
            "client_id": options.client_id,
            "redirect_uri": listener.redirect_uri,
            "scope": options.scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = f"{options.issuer.rstrip('/')}/oauth/authorize?{urlencode(query)}"
        _say(f"Open this address in your browser, sign in and choose:\n\n  {address}\n")
        if options.opens_browser:
            webbrowser.open(address)
        answer = listener.wait(options.wait_seconds)
        redirect_uri = listener.redirect_uri
    if answer is None:
        raise CommandError(f"No answer came within {options.wait_seconds:.0f} seconds. Run `connect` to try again.")
    if "error" in answer:
        raise CommandError(f"Not connected: {answer.get('error_description', answer['error'])}")
    form = {
        "grant_type": "authorization_code",
        "code": answer.get("code", ""),
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": options.client_id,
    }
    empty = StoredConnection(options.issuer, options.api_url, options.client_id, "", None, options.scope, 0)
    connection = _ask_for_tokens(http, empty, "exchanging the code", form)
    store(file, connection)
    _say(f"Connected. You approved: {connection.scope}")
    return connection


def connect_by_code(http: httpx.Client, options: ConnectOptions, file: Path) -> StoredConnection:
    """Show a code, wait until the user has typed it in a browser anywhere, and store the tokens."""
    what = "connecting by a code"

    def send(path: str, form: dict[str, str]) -> httpx.Response:
        return _send(http, "POST", f"{options.issuer.rstrip('/')}{path}", what, data=form)

    told = ask_for_codes(send, options.client_id, options.scope)
    if not told.is_success:
        raise CommandError(_text(failure_of(what, told)))
    _say(instructions(told.json()))
    answer = wait_for_answer(send, options.client_id, told.json(), sleep=_sleep)
    empty = StoredConnection(options.issuer, options.api_url, options.client_id, "", None, options.scope, 0)
    connection = _tokens_of(answer, empty, what, int(SystemClock().now().timestamp()))
    store(file, connection)
    _say(f"Connected. You approved: {connection.scope}")
    return connection


def invoices(http: httpx.Client, file: Path) -> None:
    """Print the organisation's invoices."""
    rows = _get(http, file, lambda connection: f"{connection.api_url.rstrip('/')}/invoices")["invoices"]
    for row in rows:
        amount = f"£{row['amount'] / 100:,.2f}"
        _say(f"{row['number']:<10} {row['due_on']:<11} {row['status']:<6} {amount:>12}  {row['contact_name']}")
    if not rows:
        _say("There are no invoices yet.")


def whoami(http: httpx.Client, file: Path) -> None:
    """Print what the connection may do now, and why it may not do the rest."""
    access = _get(http, file, lambda connection: f"{connection.issuer.rstrip('/')}/api/v1/me/access")
    _say("\n".join(_lines(access)))


def disconnect(http: httpx.Client, file: Path) -> None:
    """Revoke the tokens at the server (RFC 7009), then forget them; where that fails they are kept."""
    connection = _stored(file)
    form = {"token": connection.refresh_token or connection.access_token, "client_id": connection.client_id}
    answer = _send(http, "POST", f"{connection.issuer.rstrip('/')}/oauth/revoke", "disconnecting", data=form)
    if not answer.is_success:
        raise CommandError(_text(failure_of("disconnecting", answer)))
    forget(file)
    _say("Disconnected. The tokens no longer work, and the file is gone.")


def _get(http: httpx.Client, file: Path, address_of: Callable[[StoredConnection], str]) -> Any:
    """Return the JSON value at an address, with a token that is refreshed where it has to be."""
    connection = _stored(file)
    refreshed = connection.is_stale(SystemClock().now())
    if refreshed:
        connection = _refresh(http, connection, file)
    answer = _send_bearer(http, connection, address_of(connection))
    if answer.status_code == httpx.codes.UNAUTHORIZED and not refreshed:
        connection = _refresh(http, connection, file)
        answer = _send_bearer(http, connection, address_of(connection))
    if not answer.is_success:
        raise CommandError(_text(failure_of(f"GET {address_of(connection)}", answer)))
    try:
        return answer.json()
    except ValueError as fault:
        raise CommandError(f"The answer of {address_of(connection)} is not JSON.") from fault


def _refresh(http: httpx.Client, connection: StoredConnection, file: Path) -> StoredConnection:
    if connection.refresh_token is None:
        raise CommandError("The access token has ended, and there is no refresh token. Run `connect` again.")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": connection.refresh_token,
        "client_id": connection.client_id,
    }
    fresh = _ask_for_tokens(http, connection, "refreshing the token", form)
    store(file, fresh)
    return fresh


def _ask_for_tokens(http: httpx.Client, before: StoredConnection, what: str, form: dict[str, str]) -> StoredConnection:
    asked_at = int(SystemClock().now().timestamp())
    answer = _send(http, "POST", f"{before.issuer.rstrip('/')}/oauth/token", what, data=form)
    return _tokens_of(answer, before, what, asked_at)


def _tokens_of(answer: httpx.Response, before: StoredConnection, what: str, asked_at: int) -> StoredConnection:
    if not answer.is_success:
        raise CommandError(f"{_text(failure_of(what, answer))}\nRun `connect` to connect again.")
    try:
        body = answer.json()
        return replace(
            before,
            access_token=body["access_token"],
            refresh_token=body.get("refresh_token", before.refresh_token),
            scope=body.get("scope", before.scope),
            expires_at=asked_at + int(body.get("expires_in", 3600)),
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise CommandError("The server's answer has no access token.") from fault


def _send_bearer(http: httpx.Client, connection: StoredConnection, address: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {connection.access_token}"}
    return _send(http, "GET", address, f"GET {address}", headers=headers)


def _send(
    http: httpx.Client,
    method: str,
    address: str,
    what: str,
    *,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    try:
        return http.request(method, address, data=data, headers=headers)
    except httpx.HTTPError as fault:
        raise CommandError(_text(unreachable(what, fault))) from fault


def _stored(file: Path) -> StoredConnection:
    connection = load(file)
    if connection is None:
        raise CommandError(_NOT_CONNECTED)
    return connection


def _text(failure: Failure) -> str:
    status = f" (HTTP {failure.status})" if failure.status else ""
    facts = "".join(f"\n  {name}: {value}" for name, value in failure.facts)
    return f"{failure.headline}{status} While {failure.what}.{facts}"


def _lines(value: Any, indent: str = "") -> list[str]:
    lines: list[str] = []
    for name, one in value.items():
        label = f"{indent}{name.replace('_', ' ')}:"
        if isinstance(one, dict):
            lines += [label, *_lines(one, f"{indent}  ")]
        elif isinstance(one, list):
            lines.append(label if one else f"{label} none")
            for item in one:
                nested = _lines(item) if isinstance(item, dict) else [str(item)]
                lines.append(f"{indent}  - {'; '.join(nested)}")
        else:
            lines.append(f"{label} {'none' if one is None else one}")
    return lines


def _sleep(seconds: float) -> None:
    Event().wait(seconds)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ledgerline", description="A sample command-line app.")
    parser.add_argument("--file", type=Path, default=default_file(), help="where the tokens are kept")
    commands = parser.add_subparsers(dest="command", required=True)
    connecting = commands.add_parser("connect", help="connect your accounts")
    connecting.add_argument("--issuer", required=True, help="the authorization server's address")
    connecting.add_argument("--api", required=True, help="the accounting API's address")
    connecting.add_argument("--client-id", required=True, help="as given when the app was registered")
    connecting.add_argument("--scope", default=_SCOPES, help="what to ask for (default: %(default)s)")
    connecting.add_argument("--device", action="store_true", help="show a code to type in a browser elsewhere")
    connecting.add_argument("--no-browser", action="store_true", help="only print the address")
    connecting.add_argument("--wait", type=float, default=300, metavar="SECONDS", help="how long to wait")
    commands.add_parser("invoices", help="list your invoices")
    commands.add_parser("whoami", help="see what this connection may do now")
    commands.add_parser("disconnect", help="revoke the tokens and forget them")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0, or 1 when it could not be done."""
    given = _parser().parse_args(arguments)
    try:
        with httpx.Client(timeout=15) as http:
            match given.command:
                case "connect":
                    options = ConnectOptions(
                        issuer=given.issuer,
                        api_url=given.api,
                        client_id=given.client_id,
                        scope=given.scope,
                        opens_browser=not given.no_browser,
                        wait_seconds=given.wait,
                    )
                    (connect_by_code if given.device else connect)(http, options, given.file)
                case "invoices":
                    invoices(http, given.file)
                case "whoami":
                    whoami(http, given.file)
                case _:
                    disconnect(http, given.file)
    except CommandError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
