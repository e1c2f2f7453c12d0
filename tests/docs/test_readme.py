"""The README's first guarded route, done as it is printed: the commands, the file, the call and what follows."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from docs_pages import PAGES, ROOT, Block, blocks, commands

README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "first_route"


def run(folder: Path, shell: str) -> list[str]:
    """Run the `consentry` commands of a shell text in `folder`, one after the other; return what each printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENTRY_")}
    printed = []
    for words in commands(shell):
        assert words[0] == "consentry"
        answer = subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=clean, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        printed.append(answer.stdout)
    return printed


def load(text: str) -> Any:
    """Run printed Python as a module of its own."""
    module = ModuleType("printed")
    exec(compile(text, "printed", "exec"), module.__dict__)  # noqa: S102 - what is printed is what is tested
    return module


def first_route() -> tuple[str, str]:
    """The README's commands and its file."""
    [setup] = [block.text for block in blocks(README, "sh") if "consentry init" in block.text]
    [snippet] = [block.text for block in blocks(README, "python")]
    return setup, snippet


def test_the_readme_prints_the_example() -> None:
    _, snippet = first_route()

    text = (EXAMPLE / "api.py").read_text("utf-8")

    assert text.partition('"""\n\n')[2] == snippet


async def test_the_first_route_lets_a_key_in_until_the_role_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, snippet = first_route()
    key = run(tmp_path, setup)[-1].split()[-1]
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CONSENTRY_")]:
        monkeypatch.delenv(name)
    app = load(snippet).app

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            bearer = {"Authorization": f"Bearer {key}"}
            let_in = await client.get("/projects", headers=bearer)
            nobody = await client.get("/projects")
            [narrow] = [
                part for part in README.read_text("utf-8").split("`") if part.startswith("consentry member set")
            ]
            run(tmp_path, narrow)
            narrowed = await client.get("/projects", headers=bearer)

    assert let_in.status_code == 200
    assert let_in.json()["projects of"].startswith("org_")
    assert nobody.status_code == 401
    assert narrowed.status_code == 403
    assert json.loads(narrowed.content)["missing"] == "user_permission"


CALLS = {"/projects": "GET", "/files/plan": "PUT"}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the README's commands were run, and a key that may also write files."""
    folder = tmp_path_factory.mktemp("starter")
    setup, _ = first_route()
    return folder, run(folder, f"{setup.rstrip()} --permission file.write")[-1].split()[-1]


@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in blocks(page, "python")], ids=lambda block: block.page
)
async def test_every_printed_file_guards_its_route_over_the_starter_files(
    block: Block, starter: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, key = starter
    monkeypatch.chdir(folder)
    printed = load(block.text)
    path = "/projects" if "/projects" in block.text else "/files/plan"

    async with printed.guard:
        transport = httpx.ASGITransport(printed.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            let_in = await client.request(CALLS[path], path, headers={"Authorization": f"Bearer {key}"})
            refused = await client.request(CALLS[path], path)

    assert let_in.status_code == 200
    assert "org_" in let_in.text
    assert refused.json()["reason"] == "credential_missing"
