"""The README's first guarded route, done as it is printed: the commands, the file, the call and what follows."""

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from docs_pages import PAGES, ROOT, Block, blocks, name_of
from printed_api import Refusal, refused, run, serve

README = ROOT / "README.md"
REMOTE = ROOT / "docs" / "guard-remotely.md"  # served in test_guard_remotely.py, against a Consentry that runs
MCP = ROOT / "docs" / "mcp.md"  # it has no routes, but tools
EXAMPLES = {path.parent.name: path for path in sorted((ROOT / "examples").glob("*/api.py"))}
IN_README = ("fastapi", "flask", "django")
DJANGO_PROJECT = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], CONSENTRY_CONFIG="consentry.toml")
{view}
urlpatterns = [path("files/<name>", write_file)]
app = get_wsgi_application()
"""


def setup_commands() -> str:
    [setup] = [block.text for block in blocks(README, "sh") if "consentry init" in block.text]
    return setup


def commands_in_the_prose() -> str:
    """The command that takes the role away."""
    [narrow] = [part for part in README.read_text("utf-8").split("`") if part.startswith("consentry member set")]
    return narrow


@dataclass(frozen=True)
class Starter:
    """A folder in which the README's commands were run."""

    folder: Path
    key: str
    key_that_writes_files: str


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Starter:
    folder = tmp_path_factory.mktemp("starter")
    setup = setup_commands()
    [create_key] = [line for line in setup.splitlines() if line.startswith("consentry key create")]
    key, writing = (run(folder, text)[-1].split()[-1] for text in (setup, f"{create_key} --permission file.write"))
    return Starter(folder, key, writing)


def test_the_readme_prints_the_examples() -> None:
    printed = [block.text for block in blocks(README, "python")]

    texts = [EXAMPLES[name].read_text("utf-8") for name in IN_README]

    assert [text.partition('"""\n\n')[2] for text in texts] == printed


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_lets_a_key_in_until_the_role_is_taken_away(name: str, starter: Starter) -> None:
    folder, key = starter.folder, starter.key
    bearer = {"Authorization": f"Bearer {key}"}
    [give_back] = [line for line in setup_commands().splitlines() if line.startswith("consentry member set")]

    with serve(folder, EXAMPLES[name].read_text("utf-8")) as url:
        let_in = httpx.get(f"{url}/projects", headers=bearer)
        nobody = refused(url, "/projects")
        two = refused(url, "/projects", f"Bearer {key}", f"Bearer {key}")
        run(folder, commands_in_the_prose())
        narrowed = httpx.get(f"{url}/projects", headers=bearer)
        run(folder, give_back)
        again = httpx.get(f"{url}/projects", headers=bearer)

    assert (let_in.status_code, narrowed.status_code, again.status_code) == (200, 403, 200)
    assert "org_" in let_in.text
    assert json.loads(narrowed.content)["missing"] == "user_permission"
    assert nobody == Refusal(401, 'Bearer realm="consentry", DPoP algs="ES256 RS256 PS256 EdDSA"', "credential_missing")
    assert (two.status, two.reason) == (400, "malformed_request")


@pytest.mark.parametrize("name", ["flask", "django"])
def test_workers_forked_after_the_guard_was_opened_check_for_themselves(name: str, starter: Starter) -> None:
    folder, bearer = starter.folder, {"Authorization": f"Bearer {starter.key}"}

    with serve(folder, EXAMPLES[name].read_text("utf-8"), "--preload", "--workers", "2", "--threads", "2") as url:
        told = {httpx.get(f"{url}/projects", headers=bearer).status_code for _ in range(20)}

    assert told == {200}


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES if page not in {README, REMOTE, MCP} for block in blocks(page, "python")],
    ids=lambda block: f"{block.page}:{block.text.count(chr(10))}",
)
def test_every_printed_file_guards_its_route_over_the_starter_files(block: Block, starter: Starter) -> None:
    text = DJANGO_PROJECT.format(view=block.text) if "consentry.guard.django" in block.text else block.text
    method, path = ("GET", "/projects") if "/projects" in block.text else ("PUT", "/files/plan")

    with serve(starter.folder, text) as url:
        let_in = httpx.request(
            method, f"{url}{path}", headers={"Authorization": f"Bearer {starter.key_that_writes_files}"}
        )
        nobody = httpx.request(method, f"{url}{path}")

    assert let_in.status_code == 200
    assert "org_" in let_in.text
    assert nobody.json()["reason"] == "credential_missing"


def test_the_printed_mcp_server_lets_its_tool_be_called_and_no_other(starter: Starter) -> None:
    [block] = blocks(MCP, "python")
    accepted = {"Accept": "application/json, text/event-stream"}

    def call(url: str, tool: str, headers: dict[str, str]) -> httpx.Response:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
        return httpx.post(f"{url}/mcp", json=message, headers=accepted | headers)

    with serve(starter.folder, block.text) as url:
        bearer = {"Authorization": f"Bearer {starter.key}"}
        nobody, let_in = call(url, "list_projects", {}), call(url, "list_projects", bearer)
        other = call(url, "delete_projects", bearer)

    assert "/.well-known/oauth-protected-resource/mcp" in nobody.headers["www-authenticate"]
    assert (nobody.status_code, let_in.status_code, other.status_code) == (401, 200, 403)
    assert "projects of org_" in let_in.text


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_which_server_starts_it(name: str) -> None:
    page = EXAMPLES[name].with_name("README.md")

    started = [block.text.splitlines()[-1] for block in blocks(page, "sh")]

    assert started == ["gunicorn api:app" if name in {"flask", "django"} else "uvicorn api:app"], name_of(page)
