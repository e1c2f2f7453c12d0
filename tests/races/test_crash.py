"""What was acknowledged is there after the process was killed at any moment. S4."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from consentry.clock import SystemClock
from consentry.model.access import Reason
from consentry.storage.sqlite import SqliteDatabase
from protocol_world import ProtocolWorld, build_protocol_world

WRITER = Path(__file__).with_name("crash_writer.py")
KILLS = 8
ACKNOWLEDGED_AT_LEAST = 6


def killed_writer(path: Path, world: ProtocolWorld, after: int) -> list[dict[str, str]]:
    """Let a process write until it has acknowledged `after` things, kill it as it goes on; return all that it said."""
    arguments = [str(path), world.tool.app.client_id, world.bo, world.acme]
    with subprocess.Popen(
        [sys.executable, str(WRITER), *arguments], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [json.loads(line) for line in said if line.endswith("\n")]


async def test_s4_everything_acknowledged_survives_a_kill(database_path: Path) -> None:
    world = await build_protocol_world(database_path, SystemClock())
    acknowledged: list[dict[str, str]] = []
    for number in range(KILLS):
        acknowledged += killed_writer(database_path, world, ACKNOWLEDGED_AT_LEAST + 3 * number)

    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_AT_LEAST
    ended = {one["token"] for one in acknowledged if one["done"] == "ended"}
    # The last one of each process may have ended without an acknowledgement.
    ends_unknown = {one["token"] for one in acknowledged if one["done"] == "connected"} - ended
    for one in acknowledged:
        reason = await world.why_refused(one["token"])
        if one["done"] == "ended":
            assert reason is Reason.REVOKED
        elif one["token"] not in ended:
            assert reason in {None, Reason.REVOKED}
    assert len(ends_unknown) <= KILLS
    await world.deeds.database.close()

    reopened = SqliteDatabase(database_path)
    assert await reopened.read("PRAGMA integrity_check") == [("ok",)]
    assert await reopened.read("PRAGMA foreign_key_check") == []
    # Event and change are of one transaction: never one without the other.
    events = dict(await reopened.read("SELECT kind, count(*) FROM events GROUP BY kind"))
    connections = await reopened.read("SELECT count(*), count(ended_at) FROM connections")
    assert connections[0][0] <= events["connection.approved"]
    assert connections[0][1] == events["connection.ended"] >= len(ended)
    await reopened.close()
