"""The page on guarding from another machine, as printed: the file is served, and asks a Consentry that runs."""

import shutil
from importlib.resources import files
from pathlib import Path

import httpx
from docs_pages import ROOT, blocks
from printed_api import serve

from consentry.model.api_key import KeyDraft, KeyOwner
from live_server import OPERATOR, people, serve_site

PAGE = ROOT / "docs" / "guard-remotely.md"


def test_the_printed_file_guards_its_route(migrated_file: Path, tmp_path: Path) -> None:
    [block] = blocks(PAGE, "python")
    database = tmp_path / "consentry.sqlite3"
    shutil.copy(migrated_file, database)
    catalog = files("consentry.cli").joinpath("starter", "catalog.toml").read_text(encoding="utf-8")
    api = tmp_path / "api"
    api.mkdir()

    with serve_site(f"sqlite:///{database}", tmp_path, catalog) as site:
        people(site)
        draft, owner = KeyDraft("Reading", ("project.read",), None, ()), KeyOwner(site.home, site.ana.id)
        made = site.run(site.deeds.api_keys.create(OPERATOR, draft, owner))
        headers = {"Authorization": f"Bearer {made.text.reveal()}"}
        with serve(
            api,
            block.text,
            ACME_ISSUER=site.issuer,
            ACME_CLIENT_ID=site.resource.client_id,
            ACME_CLIENT_SECRET=site.resource.secret or "",
        ) as url:
            let_in = httpx.get(f"{url}/projects", headers=headers)
            site.run(site.deeds.api_keys.revoke(OPERATOR, made.details.key.id))
            revoked = httpx.get(f"{url}/projects", headers=headers)
            nobody = httpx.get(f"{url}/projects")

    assert (let_in.status_code, let_in.json()) == (200, {"projects of": site.home})
    assert (revoked.status_code, revoked.json()["reason"]) == (401, "revoked")
    assert (nobody.status_code, nobody.json()["reason"]) == (401, "credential_missing")
