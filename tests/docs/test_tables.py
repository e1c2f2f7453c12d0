"""What the pages list is what there is: reasons, events, paths, and the sentences of refused addresses."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from docs_pages import ROOT, blocks, rows

from consentry.error_reference import error_reference_markdown
from consentry.flows.authorize import UntrustedCode
from consentry.gate.answer import answer_refused
from consentry.model.access import Reason, Refused
from consentry.model.catalog import CONSENTRY_PERMISSIONS, parse_catalog
from consentry.model.event import EventKind
from consentry.model.refusal_guide import CHECK_FAILED, REFUSALS
from consentry.oauth.pkce import matches
from consentry.oauth.redirect_uri import find_fault
from consentry.oauth.scope import Scope
from consentry.settings import load_settings
from consentry.web.api.main import build_api
from consentry.wiring import open_deeds
from small_world import SMALL_CATALOG


def codes(page: str) -> list[tuple[str, list[str]]]:
    """The rows that begin with a code, and their other cells."""
    return [(row[0].strip("`"), row[1:]) for row in rows(page) if re.fullmatch(r"`[^`]+`", row[0])]


def test_the_page_of_errors_is_what_the_code_explains() -> None:
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")

    assert page == error_reference_markdown(), "write it anew: python scripts/write_error_reference.py"


def test_every_reason_of_a_refusal_is_explained_with_what_the_guard_sends() -> None:
    told = {one.code: (one.status, one.error or one.code) for one in REFUSALS if one.code != CHECK_FAILED}

    sent = {}
    for reason in Reason:
        scopes = Scope.of("files:read") if reason is Reason.SCOPE_NOT_GRANTED else Scope()
        answer = answer_refused(Refused(reason, "Why.", "file.read", scopes), issuer="https://apps.test")
        sent[reason.value] = (answer.status, json.loads(answer.body)["error"])
    assert told == sent


def test_every_event_is_explained() -> None:
    assert sorted(code for code, _ in codes("docs/audit.md")) == sorted(EventKind)


def test_every_code_of_our_own_error_page_is_explained() -> None:
    assert {code.value for code in UntrustedCode} <= {code for code, _ in codes("docs/errors.md")}


def test_every_permission_of_consentrys_own_is_explained() -> None:
    told = {code: cells[1] == "never" for code, cells in codes("docs/catalog.md") if code[0] != "["}

    assert told == {entry.name: entry.sensitive for entry in CONSENTRY_PERMISSIONS}


def test_the_catalog_that_is_printed_can_be_loaded() -> None:
    [block] = blocks(ROOT / "docs" / "catalog.md", "toml")

    catalog = parse_catalog(block.text)

    assert catalog.expand(["projects:write"]) == {"project.read", "project.write", "member.read"}


def test_every_refused_redirect_uri_is_refused_for_the_reason_told() -> None:
    told = {code: cells[0] for code, cells in codes("docs/register-an-app.md") if ":/" in code or "/" in code}

    assert len(told) == 8
    assert told == {uri: find_fault(uri) for uri in told}


async def test_every_path_of_the_management_api_is_listed_and_no_other(database_path: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(SMALL_CATALOG, encoding="utf-8")
    environ = {"CONSENTRY_DATABASE_URL": f"sqlite:///{database_path}", "CONSENTRY_CATALOG": str(catalog)}
    deeds = open_deeds(load_settings(None, environ))
    document = build_api(deeds).openapi()
    await deeds.database.close()
    served = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]

    listed = [code for code, _ in codes("docs/management-api.md") if code.split(" ")[0].isupper()]

    assert sorted(listed) == sorted(served)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the printed lines use openssl")
def test_the_printed_lines_make_a_verifier_and_its_challenge() -> None:
    [block] = [one for one in blocks(ROOT / "docs" / "connect-an-app.md", "sh") if "\ncode_challenge=" in one.text]

    answer = subprocess.run(
        ["bash", "-euc", f'{block.text}\nprintf \'%s %s\' "$code_verifier" "$code_challenge"'],
        capture_output=True,
        text=True,
        check=True,
    )

    verifier, challenge = answer.stdout.split(" ")
    assert matches(challenge, verifier)
