"""Every framework serves the metadata of the API that its guard guards, to the byte alike. RFC 9728 §3."""

from collections.abc import Callable

import flask
import pytest
from django.test import override_settings
from fastapi import FastAPI
from guard_calls import API, METHODS, WSGIApp, call
from guard_world import GuardWorld
from products import GUARD, django_product
from starlette.applications import Starlette
from starlette.types import ASGIApp

from consentry.guard.asgi import GuardMiddleware
from consentry.guard.fastapi import install
from consentry.guard.flask import install as install_in_flask
from consentry.guard.starlette import install as install_in_starlette

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def _fastapi(world: GuardWorld) -> ASGIApp:
    app = FastAPI()
    install(app, world.guard)
    return app


def _starlette(world: GuardWorld) -> ASGIApp:
    app = Starlette()
    install_in_starlette(app, world.guard)
    return app


def _flask(world: GuardWorld) -> WSGIApp:
    app = flask.Flask(__name__)
    install_in_flask(app, world.blocking)
    return app


@pytest.mark.shows("RFC 9728 §3.1", "RFC 9728 §3.2")
@pytest.mark.parametrize(
    "make",
    [
        lambda world: GuardMiddleware(Starlette(), world.guard),
        _fastapi,
        _starlette,
        _flask,
        lambda world: django_product(world, GUARD),
        django_product,
    ],
    ids=["asgi", "fastapi", "starlette", "flask", "django middleware", "django urls"],
)
async def test_the_metadata_are_public(
    world: GuardWorld, make: Callable[[GuardWorld], ASGIApp | WSGIApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, WELL_KNOWN, "GET")

    with override_settings(ROOT_URLCONF="django_metadata_urls"):
        told = await call(make(world), WELL_KNOWN)

    assert (told.status, told.caching) == (200, "public, max-age=300")
    assert told.body == {
        "resource": API,
        "authorization_servers": [world.settings.issuer],
        "bearer_methods_supported": ["header"],
    }
