"""Settings are read from a file and the environment, checked whole, and every fault says what to write instead."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from consentry.flows.token_policy import LONGEST_ACCESS_TOKEN_LIFETIME
from consentry.settings import LogFormat, Settings, SettingsError, load_settings

KEY = "k3y-with-enough-different-characters-0123456789"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(toml: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    config = None
    if toml is not None:
        config = Path("consentry.toml")
        config.write_text(toml, encoding="utf-8")
    return load_settings(config, {"CONSENTRY_SECRET_KEY": KEY, **(environ or {})})


def fault_of(toml: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(toml, environ)
    return str(caught.value)


def test_without_file_and_environment_the_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    settings = load()

    assert settings.issuer == "http://localhost:8400"
    assert settings.sqlite_path == tmp_path / "consentry.sqlite3"
    assert settings.code_lifetime == timedelta(seconds=60)
    assert settings.access_token_lifetime == timedelta(hours=1)
    assert settings.refresh_idle_lifetime == timedelta(days=90)
    assert settings.refresh_absolute_lifetime == timedelta(days=365)
    assert settings.refresh_grace == timedelta(seconds=30)
    assert settings.session_idle == timedelta(hours=12)
    assert settings.trusted_proxies == ()
    assert settings.metrics_token is None


def test_the_environment_overrides_the_file() -> None:
    settings = load('product_name = "From the file"\nport = 9000\n', {"CONSENTRY_PRODUCT_NAME": "Ledgerly"})

    assert settings.product_name == "Ledgerly"
    assert settings.port == 9000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3600", timedelta(hours=1)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_a_lifetime_is_seconds_or_a_number_with_a_unit(text: str, expected: timedelta) -> None:
    assert load(environ={"CONSENTRY_ACCESS_TOKEN_LIFETIME": text}).access_token_lifetime == expected


def test_an_access_token_lives_no_longer_than_its_ended_family_is_known() -> None:
    longest = int(LONGEST_ACCESS_TOKEN_LIFETIME.total_seconds())
    settings = load(environ={"CONSENTRY_ACCESS_TOKEN_LIFETIME": f"{longest}"})

    with pytest.raises(SettingsError, match="ACCESS_TOKEN_LIFETIME"):
        load(environ={"CONSENTRY_ACCESS_TOKEN_LIFETIME": f"{longest + 1}"})

    assert settings.access_token_lifetime == LONGEST_ACCESS_TOKEN_LIFETIME


def test_every_setting_can_be_given_in_the_environment() -> None:
    settings = load(
        environ={
            "CONSENTRY_ISSUER": "https://connect.example.com",
            "CONSENTRY_DATABASE_URL": "postgresql://consentry@db/consentry",
            "CONSENTRY_CATALOG": "/etc/consentry/catalog.toml",
            "CONSENTRY_HOST": "::1",
            "CONSENTRY_WORKERS": "4",
            "CONSENTRY_API_KEYS_MAY_NEVER_EXPIRE": "false",
            "CONSENTRY_MAX_SECRETS_PER_APP": "3",
            "CONSENTRY_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "CONSENTRY_METRICS_TOKEN": "a-token-for-metrics",
            "CONSENTRY_LOG_FORMAT": "json",
        }
    )

    assert settings.issuer == "https://connect.example.com"
    assert settings.sqlite_path is None
    assert settings.catalog == Path("/etc/consentry/catalog.toml")
    assert settings.api_keys_may_never_expire is False
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert settings.log_format is LogFormat.JSON


def test_a_relative_path_starts_at_the_folder_of_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    config = tmp_path / "etc" / "consentry.toml"
    config.write_text('database_url = "sqlite:///data.sqlite3"\n', encoding="utf-8")

    settings = load_settings(config, {"CONSENTRY_SECRET_KEY": KEY})

    assert settings.sqlite_path == tmp_path / "etc" / "data.sqlite3"
    assert settings.catalog == tmp_path / "etc" / "catalog.toml"


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("issuer", "http://connect.example.com", "with https://"),
        ("issuer", "https://connect.example.com/", "Write https://connect.example.com instead"),
        ("issuer", "https://connect.example.com?a=1", "no path, query or fragment"),
        ("issuer", "https://connect.example.com#a", "no path, query or fragment"),
        ("issuer", "https://connect.example.com/oauth", "no path, query or fragment"),
        ("issuer", "https://me:pass@connect.example.com", "user name or password"),
        ("issuer", "https://Connect.example.com", "Write https://connect.example.com instead"),
        ("issuer", "connect.example.com", "not an https address"),
        ("issuer", "", "not an https address"),
        ("database_url", "postgres://db/consentry", "postgresql://"),
        ("database_url", "sqlite:///:memory:", "sqlite:///consentry.sqlite3"),
        ("database_url", "sqlite:///", "sqlite:///consentry.sqlite3"),
        ("directory_view_members", "members; DROP TABLE users", "consentry_members"),
        ("directory_view_members", 'product."members"', "consentry_members"),
        ("directory_view_members", "a.b.c", "consentry_members"),
        ("directory_view_members", "", "consentry_members"),
        ("port", "0", "from 1 to 65535"),
        ("port", "eighty", "from 1 to 65535"),
        ("port", "9" * 5000, "from 1 to 65535"),
        ("workers", "65", "from 1 to 64"),
        ("host", "http://0.0.0.0", "without a scheme or a port"),
        ("product_name", "a" * 61, "1 to 60"),
        ("product_name", "a\u202eb", "visible"),
        ("code_lifetime", "0", "from 1s to 10m"),
        ("code_lifetime", "601", "from 1s to 10m"),
        ("code_lifetime", "9999999999y", "from 1s to 10m"),
        ("code_lifetime", "-5", "not a lifetime"),
        ("refresh_grace", "121", "from 0s to 2m"),
        ("refresh_idle_lifetime", "two months", "s, m, h, d or y"),
        ("api_keys_may_never_expire", "maybe", "true or false"),
        ("max_secrets_per_app", "0", "from 1 to 10"),
        ("trusted_proxies", "10.0.0.1/8", "bits after the prefix"),
        ("trusted_proxies", "everybody", "not a network"),
        ("log_format", "xml", "text, json"),
        ("catalog", "", "path of a file"),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_variable_and_what_to_write(key: str, text: str, says: str) -> None:
    variable = f"CONSENTRY_{key.upper()}"

    fault = fault_of(environ={variable: text})

    assert variable in fault
    assert says in fault


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("port = true", "whole number"),
        ("port = 80.5", "whole number"),
        ("issuer = 1", "not a text"),
        ("code_lifetime = 1.5", "not a lifetime"),
        ("log_format = []", "text, json"),
        ("trusted_proxies = [1]", "not a network"),
        ("catalog = 5", "path of a file"),
        ("[issuer]\na = 1", "not a text"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_name_of_the_file(toml: str, says: str) -> None:
    fault = fault_of(toml)

    assert "consentry.toml" in fault
    assert says in fault


def test_an_unknown_key_is_refused_and_a_near_name_offered() -> None:
    assert "Did you mean issuer?" in fault_of('isuer = "https://a.test"')
    assert "Did you mean CONSENTRY_ISSUER?" in fault_of(environ={"CONSENTRY_ISSUR": "https://a.test"})


def test_variables_that_kubernetes_adds_for_a_service_of_this_name_are_no_settings() -> None:
    settings = load(
        environ={
            "CONSENTRY_PORT": "tcp://10.0.0.7:80",
            "CONSENTRY_SERVICE_HOST": "10.0.0.7",
            "CONSENTRY_SERVICE_PORT": "80",
            "CONSENTRY_PORT_80_TCP_ADDR": "10.0.0.7",
        }
    )

    assert settings.port == 8400


def test_a_refresh_that_ends_before_it_may_idle_is_refused() -> None:
    fault = fault_of('refresh_idle_lifetime = "30d"\nrefresh_absolute_lifetime = "1d"')

    assert "shorter than refresh_idle_lifetime" in fault


@pytest.mark.parametrize("content", [b"issuer = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(content: bytes, tmp_path: Path) -> None:
    config = tmp_path / "consentry.toml"
    config.write_bytes(content)

    with pytest.raises(SettingsError, match=r"consentry\.toml is not"):
        load_settings(config, {})


def test_a_file_that_is_missing_is_answered_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="consentry init"):
        load_settings(tmp_path / "absent.toml", {})


def test_no_message_and_no_repr_shows_a_secret() -> None:
    secret = "hunter2hunter2"
    faults = [
        fault_of(environ={"CONSENTRY_SECRET_KEY": secret}),
        fault_of(environ={"CONSENTRY_METRICS_TOKEN": secret}),
        fault_of(environ={"CONSENTRY_DATABASE_URL": f"mysql://consentry:{secret}@db/consentry"}),
        fault_of(environ={"CONSENTRY_ISSUER": f"https://me:{secret}@connect.example.com"}),
    ]

    assert [fault for fault in faults if secret in fault] == []
    assert KEY not in repr(load())
