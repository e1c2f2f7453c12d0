"""`consentry migrate`: bring the database's schema up to date."""

import typer

from consentry.cli.options import AsJson, ConfigFile, settings_of
from consentry.cli.output import CommandError, show
from consentry.settings import Settings
from consentry.settings_values import shown_database

commands = typer.Typer()


@commands.command("migrate")
def migrate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the database's schema up to date. Does nothing where it is already."""
    settings = settings_of(config)
    require_folder(settings)
    bring_up_to_date(settings)
    show({"database": shown_database(settings.database_url), "status": "up to date"}, as_json=as_json)


def require_folder(settings: Settings) -> None:
    """Raise CommandError where the settings name an SQLite file in a folder that does not exist."""
    file = settings.sqlite_path
    if file is not None and not file.parent.is_dir():
        raise CommandError(f"The folder {file.parent} does not exist. Make it, or change database_url.")


def bring_up_to_date(settings: Settings) -> None:
    """Run the migrations that the database lacks, creating an SQLite file where it does not exist.

    Raises:
        CommandError: the file cannot be written or is no SQLite database, or PostgreSQL refuses.
    """
    # Loaded here so that `consentry --help` stays fast.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    from consentry.storage.opening import faults_of  # noqa: PLC0415 - see above
    from consentry.storage.schema import migrate  # noqa: PLC0415 - see above

    try:
        migrate(settings.database_url)
    except DBAPIError as fault:
        raise CommandError(
            f"The database {shown_database(settings.database_url)} cannot be brought up to date: {fault.orig}. "
            "Check that it is Consentry's, that it can be written, and that no other program holds it."
        ) from None
    except faults_of(settings.database_url) as fault:
        raise CommandError(
            f"The database {shown_database(settings.database_url)} cannot be opened: {fault}. Check database_url."
        ) from None
