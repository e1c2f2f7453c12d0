"""`consentry catalog …`, as an operator runs it."""

import json
from pathlib import Path

from conftest import Run


def test_the_reference_is_written_as_markdown(folder: Path, consentry: Run) -> None:
    consentry("init")

    written = consentry("catalog", "markdown", environ={"CONSENTRY_PRODUCT_NAME": "Acme"})
    as_json = consentry("catalog", "markdown", "--json", environ={"CONSENTRY_PRODUCT_NAME": "Acme"})

    assert written.stdout.startswith("# Scopes and permissions of Acme\n\n## Scopes\n")
    assert "| `oauth_app.manage` | Register apps, see and end every connection | never: sensitive |" in written.stdout
    assert json.loads(as_json.stdout) == {"markdown": written.stdout}
    assert not list(folder.glob("*.sqlite3"))


def test_the_security_scheme_is_written_for_an_openapi_document(consentry: Run) -> None:
    consentry("init")

    written = consentry("catalog", "openapi", environ={"CONSENTRY_ISSUER": "https://apps.test"})

    [(name, scheme)] = json.loads(written.stdout)["components"]["securitySchemes"].items()
    flow = scheme["flows"]["authorizationCode"]
    assert (name, scheme["type"]) == ("OAuth2", "oauth2")
    assert flow["authorizationUrl"] == "https://apps.test/oauth/authorize"
    assert flow["tokenUrl"] == flow["refreshUrl"] == "https://apps.test/oauth/token"
    assert flow["scopes"]


def test_without_a_catalog_it_says_what_to_do(consentry: Run) -> None:
    answer = consentry("catalog", "markdown")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "consentry init" in answer.stderr
