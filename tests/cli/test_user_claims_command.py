"""`consentry user claims`: what apps may be told of a user."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_claims_are_set_from_a_file_and_shown(consentry: Run, tmp_path: Path) -> None:
    file = tmp_path / "claims.json"
    file.write_text('{"given_name": "Ana", "updated_at": 7}', encoding="utf-8")
    assert consentry("init").returncode == 0
    assert consentry("user", "create", "ana@acme.test").returncode == 0

    told = consentry("user", "claims", "ana@acme.test", "--file", str(file), "--json")
    shown = consentry("user", "claims", "ana@acme.test", "--json")

    assert json.loads(told.stdout)["claims"] == {"given_name": "Ana", "updated_at": 7}
    assert shown.stdout == told.stdout
    assert "Given name: Ana" in consentry("user", "claims", "ana@acme.test").stdout


def test_what_is_wrong_with_the_file_is_told(consentry: Run, tmp_path: Path) -> None:
    assert consentry("init").returncode == 0
    assert consentry("user", "create", "ana@acme.test").returncode == 0
    file = tmp_path / "claims.json"

    for text, words in (
        ("{", "cannot be read as JSON"),
        ("[]", "must hold a JSON object"),
        ('{"sub": "x"}', "not a standard claim"),
    ):
        file.write_text(text, encoding="utf-8")
        answer = consentry("user", "claims", "ana@acme.test", "--file", str(file))
        assert (answer.returncode, answer.stdout) == (1, ""), text
        assert words in answer.stderr
