"""An upgrade without a pause, with real servers of three releases: no request fails, whatever is migrated meanwhile."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from next_release import ended, next_release, release_after
from served import PATIENCE_SECONDS, SECRET, Served, environ_of, served

from consentry.model.secret import Secret
from consentry.oauth.responses import TokenResponse
from consentry.storage.schema import SchemaState, SchemaTooNewError, find_state, require_current
from protocol_world import OPERATOR, build_protocol_world

FAMILIES = 3
ROUNDS = 5
"""How often each caller asks before it goes on: every connection of a server has done everything by then."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What was given before: tokens of a public app, and the product API that asks about them."""

    client_id: str
    tokens: list[TokenResponse]
    api: tuple[str, str]


async def make_grants(url: str, folder: Path) -> Grants:
    world = await build_protocol_world(folder / "consentry.sqlite3", database_url=url, secret_key=Secret(SECRET))
    tokens = [await world.connect(world.tool) for _ in range(FAMILIES)]
    made = await world.deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    await world.deeds.database.close()
    return Grants(world.tool.app.client_id, tokens, (made.resource.id, made.client_secret.reveal()))


@dataclass(slots=True)
class Callers:
    """A thread for each family, which asks about its token and rotates it, again and again on connections it keeps."""

    grants: Grants
    servers: list[Served]
    enough: threading.Event = field(default_factory=threading.Event)
    rounds: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._run, args=one) for one in enumerate(self.grants.tokens)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.enough.set()
            for thread in threads:
                thread.join()

    def wait_for_more(self) -> None:
        """Return once each has asked all servers of now so many times, or one has failed."""
        wanted = {number: self.rounds[number] + ROUNDS for number in range(FAMILIES)}
        while not self.failed and any(self.rounds[number] < count for number, count in wanted.items()):
            time.sleep(0.02)

    def _run(self, number: int, tokens: TokenResponse) -> None:
        access, refresh = tokens.access_token, tokens.refresh_token
        app = {"client_id": self.grants.client_id, "grant_type": "refresh_token"}
        with httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as http:
            while not self.enough.is_set():
                for url in [server.url for server in self.servers]:
                    seen = self._post(http, f"{url}/oauth/introspect", {"token": access}, self.grants.api)
                    renewed = self._post(http, f"{url}/oauth/token", {**app, "refresh_token": refresh})
                    if not seen.get("active") or "access_token" not in renewed:
                        self.failed.append(f"{seen} {renewed}")
                        return
                    access, refresh = renewed["access_token"], renewed["refresh_token"]
                self.rounds[number] += 1

    @staticmethod
    def _post(http: httpx.Client, url: str, form: Any, auth: tuple[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = http.post(url, data=form, auth=auth)
            return dict(answer.json()) if answer.is_success else {"status": answer.status_code, "text": answer.text}
        except httpx.HTTPError as fault:
            return {"fault": repr(fault)}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_no_request_fails_from_one_release_to_the_next_and_on_to_the_one_after(
    own_database_url: str, tmp_path: Path
) -> None:
    environ = environ_of(own_database_url, tmp_path)
    old_folder, again_folder, new_folder = (tmp_path / name for name in ("old", "again", "new"))
    for folder in (old_folder, again_folder, new_folder):
        folder.mkdir()
    new = next_release(tmp_path / "next")
    newer = release_after(new, tmp_path / "next-but-one")

    with served(old_folder, environ, workers=2) as old_server, ExitStack() as later:
        callers = Callers(await make_grants(own_database_url, tmp_path), [old_server])
        with callers.asking():
            callers.wait_for_more()
            code, said = ended(new.start("serve", environ, new_folder))
            assert (code, "Run: consentry migrate" in said) == (1, True), said

            two = [new.start("migrate", environ, new_folder) for _ in range(2)]
            assert [code for code, _ in map(ended, two)] == [0, 0]
            assert find_state(own_database_url) == SchemaState(new.version, "0001")
            callers.wait_for_more()

            # On the newer schema this release can be started again, and the next one serves beside it.
            again = later.enter_context(served(again_folder, environ, workers=1))
            new_server = later.enter_context(served(new_folder, environ | new.environ, workers=1))
            callers.servers = [old_server, again, new_server]
            callers.wait_for_more()

            callers.servers = [new_server]
            callers.wait_for_more()
            assert [old_server.end(), again.end()] == [0, 0]

            # What neither the next release nor the one after it uses is taken away.
            assert ended(newer.start("migrate", environ, tmp_path))[0] == 0
            callers.wait_for_more()

        assert callers.failed == []
        assert not any("Traceback" in server.said.read_text() for server in (old_server, again, new_server))

    # Whom the schema does not serve any more is told so.
    assert find_state(own_database_url) == SchemaState(newer.version, new.version)
    with pytest.raises(SchemaTooNewError, match="Update Consentry"):
        require_current(own_database_url)
