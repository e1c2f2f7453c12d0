"""`consentry keys …`, as an operator runs it."""

import json
from pathlib import Path

from conftest import Run


def test_a_rotation_publishes_a_new_key_that_signs_later(folder: Path, consentry: Run) -> None:
    assert folder.is_dir()
    consentry("init")

    [first] = json.loads(consentry("keys", "rotate", "--algorithm", "ES256", "--json").stdout)
    consentry("keys", "rotate", "--algorithm", "ES256", "--now")
    last = consentry("keys", "rotate")
    listed = json.loads(consentry("keys", "list", "--json").stdout)

    assert first["status"] == "next"
    assert "in an hour" in last.stderr
    of_one = [key for key in listed if key["algorithm"] == "ES256"]
    assert [key["status"] for key in of_one] == ["next", "signing", "published", "published"]
    assert {key["algorithm"] for key in listed} == {"ES256", "RS256", "EdDSA"}
    assert "sealed" not in json.dumps(listed)
