"""A PostgreSQL database for the demo: an empty one, or that of an earlier start. Sample people belong in no other."""

from consentry.demo.failure import DemoError
from consentry.demo.folder import DemoFolder
from consentry.settings_sources import BadValue
from consentry.settings_values import database_url, shown_database
from consentry.storage.opening import faults_of
from consentry.storage.schema import find_version


def require_for_demo(folder: DemoFolder, url: str, *, fresh: bool) -> None:
    """Return if the demo of this folder may use the database that `url` names; raises DemoError otherwise."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise DemoError("--database-url names a PostgreSQL database: postgresql://… Without it the demo uses SQLite.")
    if fresh:
        raise DemoError("--fresh removes the demo's own files only. Name a new, empty database with --database-url.")
    try:
        database_url(url, folder.config.parent)
    except BadValue as fault:
        raise DemoError(f"--database-url {fault.problem}. {fault.remedy}") from None
    try:
        is_empty = find_version(url) is None
    except faults_of(url) as fault:
        raise DemoError(f"The database {shown_database(url)} cannot be opened: {fault}. Check the URL.") from None
    if not is_empty and not folder.was_over(url):
        raise DemoError(
            f"The database {shown_database(url)} has Consentry's tables, and not from a demo of this folder. "
            "Name an empty database: the demo adds people whose passwords are known to all."
        )
