"""The plain options of `consentry serve` mean what Typer says they mean; anything else is left to Typer."""

from pathlib import Path

import pytest
from typer.main import get_command

from consentry.cli import build_app
from consentry.cli.serving import ServeOptions, plain_options


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], ServeOptions()),
        (["--json"], ServeOptions(as_json=True)),
        (["--host", "::1", "--port", "8080"], ServeOptions(host="::1", port=8080)),
        (["--workers", "64", "--json"], ServeOptions(workers=64, as_json=True)),
        (["--config", "etc/c.toml", "--port", "65535"], ServeOptions(config=Path("etc/c.toml"), port=65535)),
        (
            ["--ssl-certfile", "c.pem", "--ssl-keyfile", "k.pem"],
            ServeOptions(ssl_certfile=Path("c.pem"), ssl_keyfile=Path("k.pem")),
        ),
    ],
)
def test_plain_options_are_read(arguments: list[str], options: ServeOptions) -> None:
    assert plain_options(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--port=8080"],
        ["--port"],
        ["--port", "0"],
        ["--port", "65536"],
        ["--port", "٣"],
        ["--port", "-1"],
        ["--port", "x"],
        ["--workers", "65"],
        ["--workers", "2", "--workers", "3"],
        ["--json", "--json"],
        ["--host", "--json"],
        ["--unknown", "1"],
        ["more"],
    ],
)
def test_anything_else_is_left_to_typer(arguments: list[str]) -> None:
    assert plain_options(arguments) is None


def test_both_readers_know_the_same_options() -> None:
    command = get_command(build_app()).commands["serve"]  # type: ignore[attr-defined] # a group, as its commands show
    typers = {option for parameter in command.params for option in parameter.opts} - {"--help"}

    assert typers == {
        "--host",
        "--port",
        "--workers",
        "--ssl-certfile",
        "--ssl-keyfile",
        "--config",
        "--json",
    }
    for option in typers - {"--json"}:
        assert plain_options([option, "1"]) is not None
