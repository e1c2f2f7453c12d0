"""What commands show: one JSON value for programs, lines and tables for people."""

import json
from datetime import UTC, datetime

import pytest

from consentry.cli.output import show

APP = {"id": "app_1", "client_id": "app_1", "name": "Hêtre\x1b[31m", "scopes": ["a:read", "b:write"], "secret": None}


def test_json_is_one_value_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show([APP, APP], as_json=True)

    out = capsys.readouterr().out
    assert json.loads(out) == [APP, APP]
    assert out.count("\n") == 1


def test_an_object_is_shown_a_line_a_member(capsys: pytest.CaptureFixture[str]) -> None:
    show(APP, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Client", "ID", "app_1"]
    assert lines[3].split() == ["Scopes", "a:read,", "b:write"]
    assert lines[4].split() == ["Secret", "-"]


def test_a_list_is_shown_as_a_table_without_cutting_anything(capsys: pytest.CaptureFixture[str]) -> None:
    show([{**APP, "id": "app_" + "x" * 60}], as_json=False)

    out = capsys.readouterr().out
    assert "Client ID" in out
    assert "app_" + "x" * 60 in out


@pytest.mark.parametrize("value", [APP, [APP]], ids=["object", "list"])
def test_a_name_cannot_control_the_terminal(value: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    show(value, as_json=False)

    assert "\x1b" not in capsys.readouterr().out


def test_an_empty_list_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show([], as_json=False)

    assert capsys.readouterr().out == "None.\n"


def test_times_are_written_as_the_api_writes_them(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"at": datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "used": datetime(2026, 1, 2, 3, 4, 5, 6, UTC)}

    show(item, as_json=True)
    show(item, as_json=False)

    out = capsys.readouterr().out
    assert out.count("2026-11-24T09:00:00Z") == 2
    assert out.count("2026-01-02T03:04:05.000006Z") == 2
