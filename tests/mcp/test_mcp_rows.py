"""Every row of what MCP clients need has a test, here or where its specification is shown; and rows without a place."""

import re
from pathlib import Path

import httpx
import pytest
from mcp_world import McpWorld
from rows import ROWS, SHOWN_ELSEWHERE

from live_server import RegisteredClient
from user_agent import authorize_url, post

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test(row: str) -> None:
    named = re.compile(rf"def test_{row.lower().replace('-', '_')}_")
    here = [path for path in (TESTS / "mcp").glob("test_*.py") if named.search(path.read_text("utf-8"))]

    elsewhere = SHOWN_ELSEWHERE.get(row, ())

    assert here or elsewhere, f"{row} has no test"
    for place in elsewhere:
        path, name = place.split("::")
        assert re.search(rf"def {name}\(", (TESTS / path).read_text("utf-8")), place


def test_c_14_a_client_that_is_not_there_any_more_is_told_so_and_registers_anew(world: McpWorld) -> None:
    gone = RegisteredClient("app_0000000000000000000000", None, "http://127.0.0.1/callback")

    told = post(world.site, "/oauth/token", gone, {"grant_type": "refresh_token", "refresh_token": "cst_rt_x"})
    shown = httpx.get(authorize_url(world.site.issuer, gone))

    assert (told.status_code, told.json()["error"]) == (401, "invalid_client")
    assert (shown.status_code, shown.headers["content-type"]) == (400, "text/html; charset=utf-8")


def test_c_15_the_form_for_a_new_app_has_the_addresses_of_the_assistants() -> None:
    form = (TESTS.parent / "src" / "consentry" / "web" / "templates" / "app_form.html").read_text("utf-8")

    for address in (
        "https://claude.ai/api/mcp/auth_callback",
        "https://claude.com/api/mcp/auth_callback",
        "https://chatgpt.com/connector_platform_oauth_redirect",
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
        "http://127.0.0.1:33418/",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ):
        assert f'"{address}"' in form
