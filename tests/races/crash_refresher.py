"""Refreshes many families at once, for ever, and says of each answer what it got, until it is killed. Run as a program.

The arguments are a folder, the database's URL and the client; standard input has a JSON list of refresh tokens.
"""

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from consentry.model.acting import operator
from consentry.model.ids import OrganisationId, UserId
from consentry.wiring import open_deeds
from protocol_world import Party, ProtocolWorld, settings_for


async def main(folder: Path, database_url: str, client_id: str) -> None:
    deeds = open_deeds(settings_for(folder / "consentry.sqlite3", database_url=database_url))
    tool = Party(await deeds.app_registry.get(operator(None), client_id), None)
    world = ProtocolWorld(deeds, OrganisationId(""), UserId(""), tool, tool)

    async def go_on(text: str | None) -> None:
        while True:
            tokens = await world.refresh(tool, text)
            text = tokens.refresh_token
            sys.stdout.write(json.dumps([tokens.access_token, text]) + "\n")
            sys.stdout.flush()

    await asyncio.gather(*(go_on(text) for text in json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:4]))
