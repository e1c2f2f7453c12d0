"""The one place where it is chosen whose word is taken for what the holder of a credential may do.

A guard in a product's process needs this and no more, so that nothing else is loaded here.
"""

from consentry.ports.credentials import CredentialStore
from consentry.ports.directory import LiveDirectory
from consentry.storage.credentials import SqlCredentialStore
from consentry.storage.database import Database
from consentry.storage.view_source import ViewDatabase


def credentials_of_people(database: Database, directory: LiveDirectory | None) -> CredentialStore:
    """Return the store over the view that the database was opened through, the product's object, or our tables.

    Raises ValueError for a view and an object at once: one of them must be the truth.
    """
    if directory is not None and isinstance(database, ViewDatabase):
        raise ValueError("Give a directory object or set directory_view_members, but not both.")
    if directory is None:
        return SqlCredentialStore(database)
    # Loaded here, because most products have no object.
    from consentry.storage.asked_people import AskedCredentialStore, PresentHolders  # noqa: PLC0415 - see above

    return AskedCredentialStore(database, PresentHolders(directory))
