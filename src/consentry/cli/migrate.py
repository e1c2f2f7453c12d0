"""`consentry migrate`: bring the database's schema up to date."""

import typer

from consentry.cli.database_schema import bring_up_to_date, require_folder
from consentry.cli.options import AsJson, ConfigFile, settings_of
from consentry.cli.output import show
from consentry.settings import Settings
from consentry.settings_values import shown_database

commands = typer.Typer()


@commands.command("migrate")
def migrate(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the database's schema up to date, while others serve from it. Does nothing where it is already."""
    settings = settings_of(config)
    require_folder(settings)
    bring_up_to_date(settings)
    show({"database": shown_database(settings.database_url), "status": _status(settings)}, as_json=as_json)


def _status(settings: Settings) -> str:
    """Say how the database stands to this Consentry. A newer one is left as it is, and may still serve this one."""
    # Loaded here so that `consentry --help` stays fast.
    from consentry.storage.schema import CURRENT, find_state  # noqa: PLC0415 - see above

    state = find_state(settings.database_url)
    if not state.is_newer:
        return "up to date"
    found = f"schema version {state.version}, made by a newer Consentry; this one is of {CURRENT}, and nothing was done"
    return found if state.serves_this else f"{found}. Update this Consentry before it serves"
