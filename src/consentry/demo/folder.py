"""The folder that the demo keeps everything in: configuration, catalog, databases, and what its apps were given."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from consentry.demo.failure import DemoError
from consentry.demo.people import APPS
from consentry.secret_key import find_or_make_secret_key

PRODUCT_NAME = "Tallybook"
"""The sample accounting product, as its users know it."""

_MARK = "# Written by `consentry demo` at each start; changes are lost."
_CONFIG = """{mark}
issuer = "{issuer}"
port = {port}
{database}{secret_key}catalog = "catalog.toml"
product_name = "{product_name}"

# So that assistants connect by themselves: see the page about MCP servers.
client_id_metadata_documents = true
dynamic_registration = "open"
dynamic_registration_scopes = ["contacts:read", "contacts:write", "invoicing:read", "invoicing:write", "reports:read"]
"""
_CATALOG, _DATABASE, _PRODUCT = "catalog.toml", "consentry.sqlite3", "product.sqlite3"
_OWN_DATABASE = f"sqlite:///{_DATABASE}"


def _database_line(database_url: str) -> str:
    # JSON's way of writing text is TOML's, too.
    return f"database_url = {json.dumps(database_url)}\n"


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where things are. `config` names the configuration file; all else stands beside it."""

    config: Path

    @property
    def database(self) -> Path:
        """Consentry's own database, which the guard of the sample product reads too."""
        return self._beside(_DATABASE)

    @property
    def product_database(self) -> Path:
        """The sample product's database: invoices and the like."""
        return self._beside(_PRODUCT)

    @property
    def command_line_tokens(self) -> Path:
        """Where the sample command-line app keeps its tokens."""
        return self._beside("ledgerline-tokens.json")

    def registration(self, app: str) -> Path:
        """Where the sample app keeps what it was given when it was registered: its client ID, and perhaps a secret."""
        return self._beside(f"{app.lower()}.json")

    def prepare(self) -> None:
        """Make the folder, readable by its owner only.

        Raises DemoError if it cannot be written, or if it has files of somebody else's.
        """
        try:
            self.config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            ours = self._is_ours()
        except OSError as fault:
            raise DemoError(
                f"The demo cannot keep its files in {self.config.parent}: {fault.strerror}. "
                "Name another place with --config DIR/consentry.toml."
            ) from None
        if not ours:
            raise DemoError(
                f"{self.config.parent} has a configuration or a database that the demo did not write, and would lose. "
                "Name another place with --config DIR/consentry.toml."
            )

    def _is_ours(self) -> bool:
        if self.config.exists():
            return self.config.read_text("utf-8", "replace").startswith(_MARK)
        return not any(self._beside(name).exists() for name in (_CATALOG, *self._made()))

    def _made(self) -> Iterator[str]:
        """Yield the names of the files that hold what happened in the demo."""
        for database in (_DATABASE, _PRODUCT):
            yield from (database, f"{database}-wal", f"{database}-shm")
        yield f"{_DATABASE}.secret-key"
        yield from (self.registration(app.name).name for app in APPS)
        yield self.command_line_tokens.name

    def was_over(self, database_url: str) -> bool:
        """Whether the demo that ran here last kept Consentry's data in that database."""
        return self.config.exists() and f"\n{_database_line(database_url)}" in self.config.read_text("utf-8", "replace")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this demo. Raises DemoError if another one runs in it."""
        # A lock of SQLite's, because it ends with the process on every platform.
        lock = sqlite3.connect(self._beside("running"), timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise DemoError(
                f"A demo runs in {self.config.parent} already. Stop it first, or name another place with --config."
            ) from None
        try:
            yield
        finally:
            lock.close()

    def empty(self) -> None:
        """Remove what the demo made, and nothing else that may be in the folder."""
        for name in self._made():
            self._beside(name).unlink(missing_ok=True)

    def write(self, *, issuer: str, port: int, database_url: str = _OWN_DATABASE) -> None:
        """Write the configuration for the addresses of this start, and the sample catalog.

        A database that is not a file of the folder's brings no key with it: the folder keeps that.
        """
        catalog = files("consentry.demo").joinpath("catalog.toml").read_text(encoding="utf-8")
        self._beside(_CATALOG).write_text(catalog, encoding="utf-8")
        secret_key = ""
        if database_url != _OWN_DATABASE:
            secret_key = f'secret_key = "{find_or_make_secret_key(self.database).reveal()}"\n'
        text = _CONFIG.format(
            mark=_MARK,
            issuer=issuer,
            port=port,
            database=_database_line(database_url),
            secret_key=secret_key,
            product_name=PRODUCT_NAME,
        )
        # A URL may hold a password.
        self.config.touch(mode=0o600)
        self.config.write_text(text, encoding="utf-8")

    def _beside(self, name: str) -> Path:
        return self.config.parent / name
