"""Ledgerline connected by a code, against Consentry itself."""

from pathlib import Path

import httpx
import pytest

from consentry.demo import command_line_app
from consentry.demo.command_line_device import wait_for_answer
from consentry.demo.command_line_tokens import load
from device_world import DEVICE_GRANT
from live_server import Site
from user_agent import UserAgent, form_to, is_active

ONE_ENGINE = pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)


def person_types(site: Site, said: str, decision: str) -> None:
    code = next(line.strip() for line in said.splitlines() if line.strip()[4:5] == "-")
    with UserAgent(site) as agent:
        page = agent.sign_in(site.ana, f"/device?user_code={code}")
        for action, button in (("/device", None), ("/device/confirm", "continue"), ("/device/consent", decision)):
            form = form_to(page.text, action)
            page = agent.submit(form, form.fields + ([("decision", button)] if button else []))


@ONE_ENGINE
@pytest.mark.parametrize(("decision", "code"), [("approve", 0), ("decline", 1)])
def test_the_app_shows_a_code_and_goes_on_once_it_was_answered(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decision: str, code: int
) -> None:
    app = site.add_app(public=True, metadata=DEVICE_GRANT)
    file, said = tmp_path / "connection.json", []
    monkeypatch.setattr(command_line_app, "_say", said.append)
    # While the app waits the person answers.
    monkeypatch.setattr(command_line_app, "_sleep", lambda _seconds: person_types(site, said[0], decision))

    done = command_line_app.main(
        [
            "--file",
            str(file),
            "connect",
            "--device",
            "--issuer",
            site.issuer,
            "--api",
            "x",
            "--client-id",
            app.client_id,
        ]
    )

    assert done == code
    connection = load(file)
    assert (connection is not None) is (code == 0)
    assert connection is None or is_active(site, connection.access_token)


def test_it_waits_longer_when_it_is_told_to_slow_down() -> None:
    answers = iter(["authorization_pending", "slow_down", "authorization_pending", "expired_token"])
    waited: list[float] = []

    last = wait_for_answer(
        lambda _path, _form: httpx.Response(400, json={"error": next(answers)}),
        "app_1",
        {"device_code": "x", "interval": 5},
        sleep=waited.append,
    )

    assert waited == [5, 5, 10, 10]
    assert last.json()["error"] == "expired_token"
