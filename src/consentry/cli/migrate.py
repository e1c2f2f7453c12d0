"""`consentry migrate`: bring the database's schema up to date."""

from pathlib import Path

import typer

from consentry.cli.options import AsJson, ConfigFile, settings_of
from consentry.cli.output import CommandError, show
from consentry.settings import Settings

commands = typer.Typer()


@commands.command("migrate")
def migrate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the database's schema up to date. Does nothing where it is already."""
    database = database_file(settings_of(config))
    bring_up_to_date(database)
    show({"database": str(database), "status": "up to date"}, as_json=as_json)


def database_file(settings: Settings) -> Path:
    """Return the SQLite file that the settings name.

    Raises:
        CommandError: they name another engine, or the file's folder does not exist.
    """
    database = settings.sqlite_path
    if database is None:
        raise CommandError("This version works with SQLite only. Set database_url to sqlite:///path.")
    if not database.parent.is_dir():
        raise CommandError(f"The folder {database.parent} does not exist. Make it, or change database_url.")
    return database


def bring_up_to_date(database: Path) -> None:
    """Run the migrations that the file lacks, creating it where it does not exist.

    Raises:
        CommandError: the file cannot be written or is no SQLite database.
    """
    # Loaded here so that `consentry --help` stays fast.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    from consentry.storage.schema import migrate_sqlite  # noqa: PLC0415 - see above

    try:
        migrate_sqlite(database)
    except DBAPIError as fault:
        raise CommandError(
            f"The database {database} cannot be brought up to date: {fault.orig}. "
            "Check that it is Consentry's, that it can be written, and that no other program holds it."
        ) from None
