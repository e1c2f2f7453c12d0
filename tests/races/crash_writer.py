"""Connects and disconnects as fast as it can, and says what was acknowledged, until it is killed. Run as a program."""

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from consentry.model.acting import operator
from consentry.model.ids import OrganisationId, UserId
from consentry.wiring import open_deeds
from protocol_world import Party, ProtocolWorld, settings_for


async def main(path: Path, client_id: str, user_id: str, organisation_id: str) -> None:
    deeds = open_deeds(settings_for(path))
    app = await deeds.app_registry.get(operator(None), client_id)
    tool = Party(app, None)
    world = ProtocolWorld(deeds, OrganisationId(organisation_id), UserId(user_id), tool, tool)
    while True:
        tokens = await world.connect(tool)
        _say("connected", tokens.access_token)
        await world.end_connection(tokens.access_token)
        _say("ended", tokens.access_token)


def _say(done: str, token: str) -> None:
    sys.stdout.write(json.dumps({"done": done, "token": token}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:5]))
