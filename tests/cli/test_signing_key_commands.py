"""`consentry keys …`, as an operator runs it."""

import json
from pathlib import Path

from conftest import Run


def test_a_rotation_makes_a_new_key_and_keeps_the_one_before_published(folder: Path, consentry: Run) -> None:
    assert folder.is_dir()
    consentry("init")

    first = json.loads(consentry("keys", "rotate", "--json").stdout)
    second = consentry("keys", "rotate")
    listed = json.loads(consentry("keys", "list", "--json").stdout)

    assert "stays in /oauth/jwks for a day" in second.stderr
    assert [key["status"] for key in listed] == ["current", "published"]
    assert listed[1]["id"] == first["id"]
    assert "sealed" not in json.dumps(listed)
