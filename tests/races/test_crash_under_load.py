"""What was answered is there after a kill, also where many answers came of one commit. S4."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from consentry.clock import SystemClock
from consentry.model.refresh_token import parse_refresh_token
from protocol_world import build_protocol_world

REFRESHER = Path(__file__).with_name("crash_refresher.py")
FAMILIES = 24
ANSWERS = 120


def killed(arguments: list[str], refresh_tokens: list[str | None]) -> list[tuple[str, str]]:
    """Let the process refresh until it has said so much, kill it as it goes on, and return all that it said."""
    with subprocess.Popen(
        [sys.executable, str(REFRESHER), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(refresh_tokens) + "\n")
        process.stdin.flush()
        said = [process.stdout.readline() for _ in range(ANSWERS)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [tuple(json.loads(line)) for line in said if line.endswith("\n")]


async def test_s4_every_refresh_that_was_answered_survives_a_kill(database_url: str, tmp_path: Path) -> None:
    world = await build_protocol_world(tmp_path / "consentry.sqlite3", SystemClock(), database_url=database_url)
    families = [await world.connect(world.tool) for _ in range(FAMILIES)]

    answered = killed(
        [str(tmp_path), database_url, world.tool.app.client_id], [tokens.refresh_token for tokens in families]
    )

    assert len(answered) >= ANSWERS
    stored: dict[str, int] = dict(await world.rows("SELECT id, generation FROM token_families"))
    for access_token, refresh_token in answered:
        assert await world.why_refused(access_token) is None
        parsed = parse_refresh_token(refresh_token)
        assert parsed is not None
        assert stored[parsed.family_id] >= parsed.generation
    # Every access token is of a rotation that is there too, and the other way round.
    assert await world.rows("SELECT count(*) FROM access_tokens") == [(sum(stored.values()),)]
    await world.deeds.database.close()
