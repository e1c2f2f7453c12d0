"""What an ASGI server loads: the application, made of the settings that the process finds."""

import os

from starlette.types import ASGIApp

from consentry.settings import load_settings
from consentry.settings_sources import find_config
from consentry.web.main import build_app


def create_app() -> ASGIApp:
    """Return the application. The configuration is `CONSENTRY_CONFIG`'s, or `consentry.toml` in this folder.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return build_app(load_settings(find_config(None, os.environ), os.environ))
