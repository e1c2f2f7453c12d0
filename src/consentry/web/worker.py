"""A server process among several: `python -m consentry.web.worker ALIVE LISTENING…`, started by `consentry serve`.

Both arguments are file descriptors that the process inherits. `ALIVE` is the reading end of a pipe which ends when the
process that looks after the workers ends, in whatever way: the worker then ends as if it had been told to.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread

from consentry.model.catalog import CatalogError
from consentry.model.guard_routes_reading import GuardRoutesError
from consentry.settings import load_settings
from consentry.settings_sources import SettingsError, find_config
from consentry.settings_values import shown_database
from consentry.storage.opening import faults_of
from consentry.storage.schema import SchemaOutdatedError, require_current
from consentry.web.main import build_app
from consentry.web.serving import serve


def main(alive: int, listening: list[int]) -> None:
    """Serve. Writes why to standard error and exits with 1 where a file, the schema or the database does not let it."""
    Thread(target=_end_with, args=(alive,), name="consentry-alive", daemon=True).start()
    try:
        settings = load_settings(find_config(None, os.environ), os.environ)
        if settings.sqlite_path is not None:
            _require_file(settings.sqlite_path)
        try:
            require_current(settings.database_url, settings.directory_view_members)
        except faults_of(settings.database_url) as fault:
            sys.exit(f"Error: The database {shown_database(settings.database_url)} cannot be opened: {fault}.")
        app = build_app(settings)
    except (SettingsError, SchemaOutdatedError, CatalogError, GuardRoutesError, OSError) as fault:
        sys.exit(f"Error: {fault}")
    serve(app, settings, [socket.socket(fileno=one) for one in listening])


def _require_file(file: Path) -> None:
    # SQLite would make an empty one.
    if not file.exists():
        sys.exit(f"Error: The database {file} is gone.")


def _end_with(alive: int) -> None:
    while os.read(alive, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(one) for one in sys.argv[2:]])
