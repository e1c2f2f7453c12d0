"""The whole demo: prepares the folder, loads the sample world, and serves until it is told to stop."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from consentry.demo.database import require_for_demo
from consentry.demo.folder import DemoFolder
from consentry.demo.listeners import Listener, listeners
from consentry.demo.load_people import load_people
from consentry.demo.people import COMMAND_LINE_APP, ORGANISATIONS, WEB_APP
from consentry.demo.product import build_product, seed
from consentry.demo.register_apis import register_apis
from consentry.demo.register_apps import Registration, register_app
from consentry.demo.servers import Stop, serve_together
from consentry.demo.web_app import WebAppConfig, build_web_app
from consentry.demo.welcome import Running
from consentry.guard import Guard
from consentry.guard.fastapi import install, require
from consentry.settings import Settings, load_settings
from consentry.storage.schema import migrate
from consentry.web.main import app_over
from consentry.wiring import open_deeds


def run_demo(
    config: Path,
    *,
    first_port: int,
    fresh: bool,
    tell_ready: Callable[[Running], None],
    database_url: str | None = None,
) -> None:
    """Run the demo until Ctrl-C, and return. `tell_ready` is called once everything answers.

    With `fresh` the sample world begins anew; otherwise what an earlier start left is kept. Consentry's data are in an
    SQLite file of the demo's, or in the PostgreSQL database that is named.

    Raises DemoError if it cannot start, or if one of its servers stops by itself.
    """
    folder = DemoFolder(config)
    folder.prepare()
    stop = Stop()
    with folder.locked(), stop.on_signals(), listeners(first_port, 3) as places:
        if fresh:
            folder.empty()
        server, _, _ = places
        issuer = f"http://localhost:{server.port}"
        if database_url is None:
            folder.write(issuer=issuer, port=server.port)
        else:
            require_for_demo(folder, database_url, fresh=fresh)
            folder.write(issuer=issuer, port=server.port, database_url=database_url)
        # Not the environment: variables that are meant for another installation must not reach into the demo.
        settings = load_settings(folder.config, {})
        migrate(settings.database_url)
        asyncio.run(_run(folder, settings, places, stop, tell_ready))


async def _run(
    folder: DemoFolder,
    settings: Settings,
    places: tuple[Listener, ...],
    stop: Stop,
    tell_ready: Callable[[Running], None],
) -> None:
    server, api, web = places
    api_url = f"http://localhost:{api.port}"
    # On another host name than the server, as a third party's app is: they share no cookies.
    web_app_url = f"http://127.0.0.1:{web.port}"
    deeds = open_deeds(settings)
    organisations = await load_people(deeds)
    seed(folder.product_database, {organisations[one.key]: one.name for one in ORGANISATIONS})
    web_app, command_line_app = [
        await register_app(deeds, app, organisations[app.organisation], web_app_url, folder.registration(app.name))
        for app in (WEB_APP, COMMAND_LINE_APP)
    ]
    await register_apis(deeds, api_url)
    guard = Guard.open(settings, resource=api_url)
    product = build_product(partial(require, guard), folder.product_database)
    install(product, guard)
    running = Running(folder, settings.issuer, api_url, web_app_url, command_line_app.client_id)
    await serve_together(
        [
            (server, app_over(deeds)),
            (api, product),
            (web, build_web_app(_web_app_config(running, web_app), httpx.AsyncClient(timeout=10, trust_env=False))),
        ],
        {"Consentry": f"{settings.issuer}/readyz", "The sample API": f"{api_url}/", WEB_APP.name: f"{web_app_url}/"},
        stop,
        partial(tell_ready, running),
    )


def _web_app_config(running: Running, registration: Registration) -> WebAppConfig:
    return WebAppConfig(
        issuer=running.issuer,
        api_url=running.api_url,
        client_id=registration.client_id,
        client_secret=registration.client_secret or "",
        own_url=running.web_app_url,
        scopes=WEB_APP.scopes,
    )
