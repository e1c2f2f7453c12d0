"""Who is compared: Consentry and its peers, each with the programs that fill its database and serve from it.

Every side is filled by its own code and started as its documentation says, one worker process each. A peer's folder
has its configuration, and NOTES in this file says what that amounts to.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from driving import Endpoint

from consentry.oauth.pkce import challenge_of

HERE = Path(__file__).parent
ENGINES = ("SQLite", "PostgreSQL", "Redis")
VERIFIER = "a-verifier-that-the-client-made-of-43-characters"
CALLBACK = "https://client.test/cb"
PYTHON = HERE / ".venv" / "bin" / "python"
MODES = {"introspection": "random", "exchange": "once", "refresh": "rotating"}
CREDENTIALS = {"introspection": "tokens", "exchange": "codes", "refresh": "refresh_tokens"}


@dataclass(frozen=True)
class Contender:
    """One side. In `fill` and `serve`, `{database}`, `{port}`, `{callback}` and `{folder}` are filled in."""

    name: str
    engine: str
    fill: tuple[str, ...]
    serve: tuple[str, ...]
    place: Path
    environ: dict[str, str] = field(default_factory=dict)
    grants: bool = True

    @property
    def title(self) -> str:
        """The name as the report shows it."""
        return f"{self.name}, {self.engine}"

    def filling(self, folder: Path, database: str, **counts: int) -> list[str]:
        """Return the command that fills the database and writes `requests.json` and the credentials into `folder`."""
        asked = {
            "folder": str(folder),
            "database": database,
            "verifier": VERIFIER,
            "challenge": challenge_of(VERIFIER),
            "callback": CALLBACK,
            **counts,
        }
        return [*self.fill, json.dumps(asked)]

    def serving(self, folder: Path, database: str, port: int) -> list[str]:
        """Return the command that serves on `port`."""
        values = {"{folder}": str(folder), "{database}": database, "{port}": str(port), "{callback}": CALLBACK}
        return [_filled(word, values) for word in self.serve]


def endpoints(folder: Path, port: int) -> dict[str, Endpoint]:
    """Return what can be asked of a filled side that listens on `port`."""
    written = json.loads((folder / "requests.json").read_text("utf-8"))
    return {
        work: Endpoint(
            f"http://127.0.0.1:{port}{one['path']}",
            one["authorization"],
            one["body"],
            folder / CREDENTIALS[work],
            MODES[work],
        )
        for work, one in written.items()
    }


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word


_GUNICORN = ("--workers", "1", "--threads", "8", "--worker-class", "gthread", "--log-level", "warning")
_GUNICORN_SERVE = (str(PYTHON), "-m", "gunicorn", *_GUNICORN, "--no-control-socket", "--bind", "127.0.0.1:{port}")
_UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


def _consentry(engine: str) -> Contender:
    place = HERE / "consentry_itself"
    command = str(Path(sys.executable).with_name("consentry"))
    return Contender(
        "Consentry",
        engine,
        (sys.executable, str(place / "fill.py")),
        (command, "serve", "--config", "{folder}/consentry.toml", "--port", "{port}"),
        place,
    )


def _node(engine: str) -> Contender:
    place = HERE / "node_oidc_provider"
    return Contender(
        "node-oidc-provider",
        engine,
        ("node", str(place / "fill.mjs")),
        ("node", str(place / "server.mjs"), "{database}", "{port}", "{callback}"),
        place,
        {"NODE_ENV": "production", "NODE_NO_WARNINGS": "1"},
    )


def _django(engine: str) -> Contender:
    place = HERE / "django_oauth_toolkit"
    return Contender(
        "django-oauth-toolkit",
        engine,
        (str(PYTHON), str(place / "fill.py")),
        (*_GUNICORN_SERVE, "serving:application"),
        place,
        {"DJANGO_SETTINGS_MODULE": "site_settings"},
    )


def _authlib(engine: str) -> Contender:
    place = HERE / "authlib_on_flask"
    return Contender(
        "Authlib on Flask",
        engine,
        (str(PYTHON), str(place / "fill.py")),
        (*_GUNICORN_SERVE, "serving:app"),
        place,
    )


def _usual(engine: str) -> Contender:
    place = HERE / "usual_stack"
    return Contender(
        "FastAPI + SQLAlchemy",
        engine,
        (str(PYTHON), str(place / "fill.py")),
        (str(PYTHON), "-m", "uvicorn", *_UVICORN, "--port", "{port}", "serving:app"),
        place,
        grants=False,
    )


OURS = {engine: _consentry(engine) for engine in ("SQLite", "PostgreSQL")}
PEERS = (
    _usual("SQLite"),
    _usual("PostgreSQL"),
    _node("SQLite"),
    _node("Redis"),
    _django("SQLite"),
    _django("PostgreSQL"),
    _authlib("SQLite"),
)


def ours_against(peer: Contender) -> Contender:
    """Return the Consentry that a peer is held against: on PostgreSQL where the peer is, else on SQLite."""
    return OURS["PostgreSQL" if peer.engine == "PostgreSQL" else "SQLite"]
