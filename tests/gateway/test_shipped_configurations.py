"""The shipped configurations know every header that tells the API who calls: a new one cannot be forgotten in them."""

import re

import pytest
from running_gateways import EXAMPLES

from consentry.web.forward_auth import IDENTITY_HEADERS

NAMES = [name.decode() for name in IDENTITY_HEADERS]


@pytest.mark.parametrize("name", NAMES)
def test_nginx_replaces_every_identity_header(name: str) -> None:
    text = (EXAMPLES / "nginx" / "api.conf").read_text("utf-8")
    variable = name.removeprefix("x-").replace("-", "_")

    assert f"auth_request_set ${variable} $upstream_http_x_{variable};" in text
    assert re.search(rf"proxy_set_header {name} \${variable};", text, re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_caddy_takes_them_all_away_and_copies_each(name: str) -> None:
    text = (EXAMPLES / "caddy" / "Caddyfile").read_text("utf-8")

    assert text.index("request_header -X-Consentry-*") < text.index("forward_auth")
    assert re.search(rf"copy_headers .*\b{name}\b", text, re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_envoy_takes_each_away_before_it_asks(name: str) -> None:
    text = (EXAMPLES / "envoy" / "envoy.yaml").read_text("utf-8")

    assert text.index(f"- remove: {name}\n") < text.index("name: envoy.filters.http.ext_authz")


@pytest.mark.parametrize("name", NAMES)
def test_traefik_takes_them_all_away_and_copies_them(name: str) -> None:
    text = (EXAMPLES / "traefik" / "dynamic.yaml").read_text("utf-8")
    pattern = re.search(r"authResponseHeadersRegex: (\S+)", text)

    assert pattern is not None
    assert re.match(pattern[1], name)
