"""What the demo says when everything answers: where to go, who to be, and three things to try."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consentry.demo.folder import PRODUCT_NAME, DemoFolder
from consentry.demo.people import COMMAND_LINE_APP, NORTHMOOR, ORGANISATIONS, PEOPLE, WEB_APP, SamplePerson

_CARLA = "carla@northmoor.example"
_NARROW, _USUAL = "expense_submitter", "bookkeeper"


@dataclass(frozen=True, slots=True)
class Running:
    """The demo as it runs."""

    folder: DemoFolder
    issuer: str
    api_url: str
    web_app_url: str
    command_line_client_id: str

    @property
    def connect_command(self) -> str:
        """The command that connects the sample command-line app."""
        options = ("connect", "--issuer", self.issuer, "--api", self.api_url)
        return self._command_line_app(*options, "--client-id", self.command_line_client_id)

    @property
    def invoices_command(self) -> str:
        """The command that lists invoices through the sample command-line app."""
        return self._command_line_app("invoices")

    def role_command(self, role: str) -> str:
        """The command that gives Carla another role."""
        words = ("member", "set", NORTHMOOR.name, _CARLA, "--role", role, "--config", str(self.folder.config))
        return shlex.join((*_consentry(), *words))

    def _command_line_app(self, *words: str) -> str:
        module = (_shown(Path(sys.executable)), "-m", "consentry.demo.command_line_app")
        return shlex.join((*module, "--file", str(self.folder.command_line_tokens), *words))


def describe(running: Running) -> dict[str, object]:
    """Return what a program wants to know of the running demo."""
    return {
        "issuer": running.issuer,
        "api": running.api_url,
        "web_app": running.web_app_url,
        "config": str(running.folder.config),
        "command_line_app": {"client_id": running.command_line_client_id, "connect": running.connect_command},
        "people": [
            {
                "email": person.email,
                "password": person.password,
                "name": person.name,
                "memberships": [
                    f"{_organisation(one.organisation)}: {', '.join(one.roles)}" for one in person.memberships
                ],
            }
            for person in PEOPLE
        ],
    }


def welcome(running: Running) -> str:
    """Return the text for the terminal."""
    carla = next(person for person in PEOPLE if person.email == _CARLA)
    addresses = (
        (f"{WEB_APP.name}, a third-party web app", f"{running.web_app_url}/", "start here"),
        (f"{PRODUCT_NAME} settings", f"{running.issuer}/settings", "sign in as one of the people below"),
        (f"{PRODUCT_NAME} API, guarded", f"{running.api_url}/invoices", "says why it refuses a call without a token"),
        ("Management API", f"{running.issuer}/api/v1/docs", ""),
    )
    people = tuple(row for person in PEOPLE for row in _rows(person))
    return f"""
Consentry is running, with a sample accounting product, {PRODUCT_NAME}, and two sample apps.

{_table(addresses)}

Sample people (passwords work here only)

{_table((("e-mail", "password", "member of", "role"), *people))}

Three things to try

1. Connect an app.
   Open {running.web_app_url}/ and choose Connect. Sign in as Carla:
   {carla.email}, password {carla.password}
   {WEB_APP.name} now shows Northmoor's invoices, and never saw the password.

   The same from a terminal, with the public app {COMMAND_LINE_APP.name}:
   {running.connect_command}
   {running.invoices_command}

2. Take something away from Carla, and see the apps lose it on their very next call.
   {running.role_command(_NARROW)}
   In {WEB_APP.name}, choose Call the API again. To give it back:
   {running.role_command(_USUAL)}

3. Disconnect.
   Open {running.issuer}/settings/connections and disconnect {WEB_APP.name}: its token is dead
   before the page answers. Ben, at Harbour Books, registered both apps: sign in as him to see them.

Assistants connect too: see examples/mcp for an MCP server that runs beside this.
Everything is kept in {running.folder.config.parent}; start with --fresh to begin anew.
Press Ctrl-C to stop.
"""


def _rows(person: SamplePerson) -> list[tuple[str, ...]]:
    first, *more = person.memberships
    rows: list[tuple[str, ...]] = [
        (person.email, person.password, _organisation(first.organisation), ", ".join(first.roles))
    ]
    return rows + [("", "", _organisation(one.organisation), ", ".join(one.roles)) for one in more]


def _organisation(key: str) -> str:
    return next(one.name for one in ORGANISATIONS if one.key == key)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def _consentry() -> tuple[str, ...]:
    """Return how to start this very installation's command line from this folder."""
    script = Path(sys.executable).with_name("consentry")
    found = shutil.which("consentry")
    if found is not None and Path(found).absolute() == script.absolute():
        return ("consentry",)
    return (_shown(script),) if script.exists() else (_shown(Path(sys.executable)), "-m", "consentry")


def _shown(file: Path) -> str:
    """Return a path as one would type it here: relative where that is shorter. Links are left as they are."""
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
