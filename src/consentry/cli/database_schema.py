"""The database's schema: what must be there before anything is served or done, and how it is brought up to date."""

from consentry.cli.output import CommandError
from consentry.settings import Settings
from consentry.settings_values import shown_database


def require_folder(settings: Settings) -> None:
    """Raise CommandError where the settings name an SQLite file in a folder that does not exist."""
    file = settings.sqlite_path
    if file is not None and not file.parent.is_dir():
        raise CommandError(f"The folder {file.parent} does not exist. Make it, or change database_url.")


def require_schema(settings: Settings) -> None:
    """Return if the database has the schema; raises CommandError otherwise.

    An empty SQLite file is given it now. PostgreSQL never is: several processes serve from it, and who may change its
    tables is often not who serves.
    """
    # Loaded here so that `consentry --help` stays fast.
    from consentry.storage.opening import faults_of  # noqa: PLC0415 - see above
    from consentry.storage.schema import SchemaOutdatedError, find_version, require_current  # noqa: PLC0415 - see above

    require_folder(settings)
    url = settings.database_url
    try:
        if settings.sqlite_path is not None and find_version(url) is None:
            bring_up_to_date(settings)
        require_current(url, settings.directory_view_members)
    except SchemaOutdatedError as fault:
        raise CommandError(str(fault)) from None
    except faults_of(url) as fault:
        name = shown_database(url)
        raise CommandError(f"The database {name} cannot be opened: {fault}. Check database_url.") from None


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
