"""The secret key of an SQLite installation: made once, kept beside the database, readable by its owner only."""

import hmac
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

from consentry.model.secret import Secret
from consentry.settings_sources import SettingsError

SHORTEST = 32
"""The least number of characters of a key."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def derive_key(secret_key: Secret, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that what protects one thing never speaks for another.

    Raises SettingsError for settings without a secret key, which are those of a guard.
    """
    if not secret_key.reveal():
        raise SettingsError(
            "secret_key", f"is not set, and {purpose} need it.", "Set CONSENTRY_SECRET_KEY as it is for the server."
        )
    return hmac.new(secret_key.reveal().encode(), f"consentry {purpose}".encode(), sha256).digest()


def find_or_make_secret_key(database: Path) -> Secret:
    """Return the key kept beside `database`, making it first where there is none.

    However many processes start together, all of them get the same key.

    Raises:
        SettingsError: the file cannot be made or read, may be read by others, or holds no key.
    """
    file = database.with_name(database.name + ".secret-key")
    try:
        if not file.exists():
            _make(file)
        return _read(file)
    except OSError as fault:
        raise SettingsError(
            "secret_key",
            f"cannot be kept in {file}: {fault.strerror or 'unknown reason'}.",
            "Make its folder exist and writable for Consentry, or set CONSENTRY_SECRET_KEY.",
        ) from None


def _make(file: Path) -> None:
    # The whole key appears at once under its final name: a reader never sees an empty file, and the first maker wins.
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(secrets.token_urlsafe(32) + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _read(file: Path) -> Secret:
    if file.stat().st_mode & _OTHERS:
        raise SettingsError("secret_key", f"may be read by others in {file}.", f"Run: chmod 600 {file}")
    text = file.read_text(encoding="ascii", errors="replace").strip()
    if len(text) < SHORTEST:
        raise SettingsError(
            "secret_key",
            f"in {file} is too short: it needs at least {SHORTEST} characters.",
            "Put the right file back from a backup; or delete it to get a new key, which signs everybody out.",
        )
    return Secret(text)
