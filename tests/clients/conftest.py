"""What every client library is given: a site, an app, and a user agent that plays the person."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from live_server import RegisteredClient, Site
from user_agent import UserAgent

LOOPBACK = "http://127.0.0.1/callback"


@pytest.fixture(params=["confidential", "public"])
def client(site: Site, request: pytest.FixtureRequest) -> RegisteredClient:
    """An app of each type, which returns to a loopback address."""
    return site.add_app(public=request.param == "public", redirect_uris=(LOOPBACK,))


@pytest.fixture
def person_approves(site: Site) -> Iterator[Callable[[str], str]]:
    """Return what opens an authorization URL as a person, signs in, approves, and gives the address led back to."""
    with UserAgent(site) as agent:

        def approve(url: str) -> str:
            assert urlsplit(url).path == "/oauth/authorize"
            page = agent.sign_in(site.ana, url)
            answer = agent.answer(page)
            location: str = answer.headers["location"]
            assert location.startswith(f"{LOOPBACK}?")
            return location

        yield approve
