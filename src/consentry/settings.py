"""The settings of a server: one frozen record, read from a TOML file and the environment, checked at the start."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from consentry.flows.token_policy import LONGEST_ACCESS_TOKEN_LIFETIME
from consentry.model.registration import Registration
from consentry.model.secret import Secret
from consentry.secret_key import find_or_make_secret_key
from consentry.settings_sources import GivenValues, SettingsError, gather
from consentry.settings_values import (
    address_list,
    choice,
    database_url,
    duration,
    flag,
    host_name,
    issuer_url,
    line,
    name_list,
    path,
    resource_identifier,
    secret_text,
    sqlite_path,
    view_name,
    whole_number,
)

__all__ = ["LogFormat", "Settings", "SettingsError", "load_guard_settings", "load_settings"]

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)

_NEEDED_BY_SERVER = (
    "is not set, and with this database it must be: every server process needs the same key.",
    (
        "Set CONSENTRY_SECRET_KEY to 43 random characters, such as the output of: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    ),
)
_NEEDED_BY_GUARD = (
    "is not set, and with dpop_nonces a guard needs it: the nonces are the server's.",
    "Set CONSENTRY_SECRET_KEY as it is for the server.",
)


class LogFormat(StrEnum):
    """How log lines are written to standard error."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may set. A record made by `load_settings` is within the ranges named here.

    In a file and in the environment a lifetime is a number of seconds, or a number with s, m, h, d or y: `90d`.
    """

    secret_key: Secret
    """Protects cookies and what is sealed in the database. 32 characters or more; no default: see `load_settings`."""

    issuer: str = "http://localhost:8400"
    """The public base URL, without a trailing slash: `https`, or `http` on the own computer only. RFC 8414 §2."""

    database_url: str = "sqlite:///consentry.sqlite3"
    """`sqlite:///path` or `postgresql://…`. A relative path starts at the folder of the file that names it."""

    directory_view_members: str | None = None
    """A view in the same database over the product's own tables, which says who is a member and what they hold."""

    catalog: Path = Path("catalog.toml")
    """The file that declares permissions, scopes and roles. A relative path starts as that of `database_url`."""

    guard_routes: Path | None = None
    """The file that says what a call through a gateway needs. A relative path starts as that of `database_url`."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: int = 8400
    """The TCP port to listen on, 1 to 65535."""

    workers: int = 1
    """The number of server processes, 1 to 64."""

    ssl_certfile: Path | None = None
    """The certificate chain, PEM, to serve https with; without it http is served, for a proxy in front."""

    ssl_keyfile: Path | None = None
    """The certificate's private key, PEM, without a password; not needed where `ssl_certfile` holds it too."""

    product_name: str = "Consentry"
    """The product's name as its users know it, shown on every page. 1 to 60 characters."""

    access_token_lifetime: timedelta = _HOUR
    """How long an access token is good: 60 s to 24 h. RFC 6749 §4.2.2 and §5.1 (`expires_in`)."""

    code_lifetime: timedelta = _MINUTE
    """How long an authorization code is good: 1 s to 600 s. RFC 6749 §4.1.2."""

    pushed_request_lifetime: timedelta = 90 * _SECOND
    """How long the reference of a pushed authorization request is good: 60 s to 600 s. RFC 9126 §2.2."""

    require_pushed_requests: bool = False
    """Whether every app must push its authorization requests; without it, those that are registered so. RFC 9126 §5."""

    default_resource: str | None = None
    """The API that a request is for which names none; without it, such tokens are good at every API. RFC 8707 §2."""

    device_authorization: bool = True
    """Whether apps that are registered for it may connect by a code that a person types. RFC 8628."""

    device_code_lifetime: timedelta = 10 * _MINUTE
    """How long a person has for entering a device's code and answering: 2 min to 30 min. RFC 8628 §3.2."""

    dpop_nonces: bool = False
    """Whether DPoP proofs must hold a nonce of the server or guard that they are sent to. RFC 9449 §8, §9."""

    refresh_idle_lifetime: timedelta = 90 * _DAY
    """How long a refresh token is good without being used: 1 h to 1 y. RFC 9700 §4.14.2."""

    refresh_absolute_lifetime: timedelta = _YEAR
    """How long an app may refresh in all, from the code on: 1 h to 10 y, no less than the idle lifetime."""

    refresh_grace: timedelta = 30 * _SECOND
    """How long a refresh token that was just replaced still gives the same answer: 0 s to 120 s. RFC 9700 §4.14.2."""

    session_idle: timedelta = 12 * _HOUR
    """How long a person stays signed in without a request: 5 min to 30 d."""

    api_key_default_lifetime: timedelta = _YEAR
    """The expiry that the form for a new API key proposes: 1 d to 10 y."""

    api_keys_may_never_expire: bool = True
    """Whether an API key may be made without an expiry."""

    max_secrets_per_app: int = 2
    """How many client secrets an app may hold at once: 1 to 10. Two let it change its secret without a pause."""

    openid_connect: bool = True
    """Whether apps may sign people in: ID tokens, UserInfo and the scopes `openid`, `profile`, `email` and so on."""

    dynamic_registration: Registration = Registration.OFF
    """Who may register apps by program: `off`, `token` (holders of an initial access token) or `open`. RFC 7591."""

    dynamic_registration_scopes: tuple[str, ...] = ()
    """The most that apps may ask for which registered themselves; `*` for all. Without it, what changes nothing."""

    dynamic_registration_redirect_hosts: tuple[str, ...] = ()
    """The only hosts and private schemes (`cursor:`) that such apps may send people to; without it, all."""

    dynamic_registration_most_apps: int = 10_000
    """The number of apps that may have registered themselves at a time: 1 to 1000000."""

    unused_apps_removed_after: timedelta = 30 * _DAY
    """How long an app that registered itself is kept while nobody connects it: 1 d to 1 y."""

    client_id_metadata_documents: bool = False
    """Whether an app may be known by the https address of a document that describes it, without being registered."""

    client_id_metadata_document_bytes: int = 10_240
    """The longest such document that is read: 1024 to 1048576 bytes."""

    client_id_metadata_document_hosts: tuple[str, ...] = ()
    """The only hosts whose documents are believed; without it, all."""

    signing_key_lifetime: timedelta = 90 * _DAY
    """How old a signing key becomes before it gets a successor: 1 d to 10 y. OpenID Connect Core 1.0 §10.1.1."""

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """The networks whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed; none by default."""

    outbound_allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that are not public and may be called all the same, where an app names an address in them."""

    metrics_token: Secret | None = None
    """The bearer token that `/metrics` asks for, 16 characters or more; without it the page does not exist."""

    log_format: LogFormat = LogFormat.TEXT
    """`text` for people, `json` for a log collector."""

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite database; None on another engine."""
        return sqlite_path(self.database_url)


def load_guard_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings of a guard, which needs no secret key unless DPoP proofs must hold nonces (`dpop_nonces`).

    Where it needs none, none is made, nor read from the file beside the database, and `secret_key` is empty if no
    setting gives it: nothing can be derived from it. Raises SettingsError as `load_settings` does.
    """
    given, settings = _load(config, environ)
    if not settings.dpop_nonces:
        key = given.read("secret_key", secret_text(32), None)
        return settings if key is None else replace(settings, secret_key=key)
    return replace(settings, secret_key=_secret_key(given, settings.database_url, _NEEDED_BY_GUARD))


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the file `config` where one is given, then let `CONSENTRY_…` variables of `environ` override it.

    On SQLite a secret key that is not given is made once and kept beside the database, in a file that only its owner
    may read; other engines serve several machines, so there it must be given.

    Raises:
        SettingsError: a key is unknown, a value has the wrong form or is out of range, or a file cannot be read.
    """
    given, settings = _load(config, environ)
    # Last, because it may write a file: settings with a fault must leave nothing behind.
    return replace(settings, secret_key=_secret_key(given, settings.database_url, _NEEDED_BY_SERVER))


def _load(config: Path | None, environ: Mapping[str, str]) -> tuple[GivenValues, Settings]:
    """Return what was given, and the settings without their secret key."""
    given = gather(config, environ, known=frozenset(Settings.__dataclass_fields__))
    default = Settings(secret_key=Secret(""))
    url = given.read("database_url", database_url, database_url(default.database_url, given.folder("database_url")))
    settings = Settings(
        secret_key=default.secret_key,
        database_url=url,
        directory_view_members=given.read("directory_view_members", view_name, default.directory_view_members),
        issuer=given.read("issuer", issuer_url, default.issuer),
        catalog=given.read("catalog", path, path(str(default.catalog), given.folder("catalog"))),
        guard_routes=given.read("guard_routes", path, default.guard_routes),
        host=given.read("host", host_name, default.host),
        port=given.read("port", whole_number(1, 65535), default.port),
        workers=given.read("workers", whole_number(1, 64), default.workers),
        ssl_certfile=given.read("ssl_certfile", path, default.ssl_certfile),
        ssl_keyfile=given.read("ssl_keyfile", path, default.ssl_keyfile),
        product_name=given.read("product_name", line(60), default.product_name),
        access_token_lifetime=given.read(
            "access_token_lifetime",
            duration(_MINUTE, LONGEST_ACCESS_TOKEN_LIFETIME),
            default.access_token_lifetime,
        ),
        code_lifetime=given.read("code_lifetime", duration(_SECOND, 10 * _MINUTE), default.code_lifetime),
        pushed_request_lifetime=given.read(
            "pushed_request_lifetime", duration(_MINUTE, 10 * _MINUTE), default.pushed_request_lifetime
        ),
        require_pushed_requests=given.read("require_pushed_requests", flag, default.require_pushed_requests),
        default_resource=given.read("default_resource", resource_identifier, default.default_resource),
        device_authorization=given.read("device_authorization", flag, default.device_authorization),
        device_code_lifetime=given.read(
            "device_code_lifetime", duration(2 * _MINUTE, 30 * _MINUTE), default.device_code_lifetime
        ),
        dpop_nonces=given.read("dpop_nonces", flag, default.dpop_nonces),
        refresh_idle_lifetime=given.read(
            "refresh_idle_lifetime", duration(_HOUR, _YEAR), default.refresh_idle_lifetime
        ),
        refresh_absolute_lifetime=given.read(
            "refresh_absolute_lifetime", duration(_HOUR, 10 * _YEAR), default.refresh_absolute_lifetime
        ),
        refresh_grace=given.read("refresh_grace", duration(0 * _SECOND, 2 * _MINUTE), default.refresh_grace),
        session_idle=given.read("session_idle", duration(5 * _MINUTE, 30 * _DAY), default.session_idle),
        api_key_default_lifetime=given.read(
            "api_key_default_lifetime", duration(_DAY, 10 * _YEAR), default.api_key_default_lifetime
        ),
        api_keys_may_never_expire=given.read("api_keys_may_never_expire", flag, default.api_keys_may_never_expire),
        max_secrets_per_app=given.read("max_secrets_per_app", whole_number(1, 10), default.max_secrets_per_app),
        openid_connect=given.read("openid_connect", flag, default.openid_connect),
        dynamic_registration=given.read("dynamic_registration", choice(Registration), default.dynamic_registration),
        dynamic_registration_scopes=given.read(
            "dynamic_registration_scopes", name_list, default.dynamic_registration_scopes
        ),
        dynamic_registration_redirect_hosts=given.read(
            "dynamic_registration_redirect_hosts", name_list, default.dynamic_registration_redirect_hosts
        ),
        dynamic_registration_most_apps=given.read(
            "dynamic_registration_most_apps", whole_number(1, 1_000_000), default.dynamic_registration_most_apps
        ),
        unused_apps_removed_after=given.read(
            "unused_apps_removed_after", duration(_DAY, _YEAR), default.unused_apps_removed_after
        ),
        client_id_metadata_documents=given.read(
            "client_id_metadata_documents", flag, default.client_id_metadata_documents
        ),
        client_id_metadata_document_bytes=given.read(
            "client_id_metadata_document_bytes",
            whole_number(1024, 1024 * 1024),
            default.client_id_metadata_document_bytes,
        ),
        client_id_metadata_document_hosts=given.read(
            "client_id_metadata_document_hosts", name_list, default.client_id_metadata_document_hosts
        ),
        signing_key_lifetime=given.read(
            "signing_key_lifetime", duration(_DAY, 10 * _YEAR), default.signing_key_lifetime
        ),
        trusted_proxies=given.read("trusted_proxies", address_list, default.trusted_proxies),
        outbound_allowed_networks=given.read(
            "outbound_allowed_networks", address_list, default.outbound_allowed_networks
        ),
        metrics_token=given.read("metrics_token", secret_text(16), default.metrics_token),
        log_format=given.read("log_format", choice(LogFormat), default.log_format),
    )
    if settings.refresh_absolute_lifetime < settings.refresh_idle_lifetime:
        raise SettingsError(
            given.name("refresh_absolute_lifetime"),
            "is shorter than refresh_idle_lifetime.",
            "Raise it, or lower refresh_idle_lifetime.",
        )
    return given, settings


def _secret_key(given: GivenValues, url: str, needed: tuple[str, str]) -> Secret:
    key = given.read("secret_key", secret_text(32), None)
    if key is not None:
        return key
    database = sqlite_path(url)
    if database is None:
        raise SettingsError(given.name("secret_key"), *needed)
    return find_or_make_secret_key(database)
