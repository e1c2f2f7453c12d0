"""The options that every command has, and the settings that they lead to."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from consentry.settings import Settings, load_settings
from consentry.settings_sources import CONFIG_NAME, CONFIG_VARIABLE, find_config

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer with one JSON value and nothing else.")]

ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help=f"The configuration file [default: {CONFIG_VARIABLE}, or {CONFIG_NAME} in this folder if there is one].",
        show_default=False,
    ),
]


def settings_of(config: Path | None) -> Settings:
    """Load the settings for a command that was given `--config`, or not.

    Raises:
        SettingsError: see `load_settings`.
    """
    return load_settings(find_config(config, os.environ), os.environ)
