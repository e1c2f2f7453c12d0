"""What the command-line app keeps between two runs: one JSON file that only its owner can read."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """Where we are connected, and the tokens. `expires_at` is in seconds since the epoch."""

    issuer: str
    api_url: str
    client_id: str
    access_token: str
    refresh_token: str | None
    scope: str
    expires_at: int

    def is_stale(self, now: datetime) -> bool:
        """Say whether the access token has expired, or will within half a minute."""
        return now.timestamp() > self.expires_at - 30

    @property
    def expires(self) -> datetime:
        """When the access token ends."""
        return datetime.fromtimestamp(self.expires_at, UTC)


def default_file() -> Path:
    """Return where the file is when nothing else was asked for."""
    settings = os.environ.get("XDG_CONFIG_HOME")
    return (Path(settings) if settings else Path.home() / ".config") / "ledgerline" / "connection.json"


def load(file: Path) -> StoredConnection | None:
    """Return what was stored, or None where there is nothing, or nothing that we could use."""
    try:
        return StoredConnection(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def store(file: Path, connection: StoredConnection) -> None:
    """Replace the file in one step. It is readable by its owner only (mode 600) from its first byte on."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(connection), stream, indent=2)
    fresh.replace(file)


def forget(file: Path) -> None:
    """Remove the file, where it is there."""
    file.unlink(missing_ok=True)
