"""The only wiring: from settings to stores to deeds. Every door is given the deeds and makes nothing itself."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from consentry.clock import SystemClock
from consentry.flows.access_reach import AccessReach
from consentry.flows.api_keys import ApiKeys
from consentry.flows.app_registry import AppRegistry
from consentry.flows.app_secrets import AppSecrets
from consentry.flows.audit import Audit
from consentry.flows.authenticate_client import AuthenticateClient
from consentry.flows.authenticate_resource_server import AuthenticateResourceServer
from consentry.flows.authorization_code_grant import AuthorizationCodeGrant
from consentry.flows.authorize import Authorize
from consentry.flows.check_bearer import CheckBearer
from consentry.flows.connections import Connections
from consentry.flows.consent import Consent
from consentry.flows.explain_access import ExplainAccess
from consentry.flows.housekeeping import Housekeeping, Lifetimes
from consentry.flows.introspect_token import IntrospectToken
from consentry.flows.issue_tokens import TokenMint
from consentry.flows.members import Members
from consentry.flows.operators import Operators
from consentry.flows.organisations import Organisations
from consentry.flows.people import People
from consentry.flows.pushed_requests import PushedRequests
from consentry.flows.refresh_token_grant import RefreshTokenGrant
from consentry.flows.resource_servers import ResourceServers
from consentry.flows.revoke_token import RevokeToken
from consentry.flows.roles import Roles
from consentry.flows.sign_in import SignIn
from consentry.flows.signing_keys import SigningKeys
from consentry.flows.throttle import Throttle
from consentry.flows.token_policy import TokenPolicy
from consentry.flows.usage import UsageRecorder
from consentry.flows.users import Users
from consentry.model.api_key import ApiKeyPolicy
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import Catalog, parse_catalog
from consentry.model.membership import RoleBook
from consentry.model.signing_key import ES256
from consentry.model.throttling import ThrottlePolicy
from consentry.oauth.client_metadata import SIGNING_ALGORITHMS
from consentry.outbound import PublicOutbound
from consentry.password_hashing import Argon2Passwords
from consentry.ports.directory import LiveDirectory
from consentry.ports.outbound import Outbound
from consentry.ports.sign_in import Passwords
from consentry.ports.world import Clock, SecretSource
from consentry.secret_source import SystemSecretSource
from consentry.settings import Settings
from consentry.storage.api_keys import SqlApiKeyStore
from consentry.storage.app_secrets import SqlAppSecretStore
from consentry.storage.authorizations import SqlAuthorizationStore
from consentry.storage.database import Database
from consentry.storage.events import EventStore
from consentry.storage.housekeeping import SqlHousekeepingStore
from consentry.storage.opening import open_database
from consentry.storage.operators import SqlOperatorStore, SqlResourceStore
from consentry.storage.people_source import stores_of_people
from consentry.storage.pushed_requests import SqlPushedRequestStore
from consentry.storage.sessions import SqlSessionStore
from consentry.storage.signing_keys import SqlSigningKeyStore
from consentry.storage.throttles import SqlThrottleStore
from consentry.storage.usage import SqlUsageStore

# A program with a stale secret tries often; it is slowed sooner than people are, and for no longer than a minute.
_CLIENT_POLICY = ThrottlePolicy(free=20, longest_delay=timedelta(minutes=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """Everything that can be done, and the few things that every door needs beside it."""

    settings: Settings
    catalog: Catalog
    role_book: RoleBook
    clock: Clock
    secrets: SecretSource
    database: Database
    people: People
    operators: Operators
    resources: ResourceServers
    audit: Audit
    sign_in: SignIn
    app_registry: AppRegistry
    app_secrets: AppSecrets
    connections: Connections
    api_keys: ApiKeys
    authorize: Authorize
    pushed_requests: PushedRequests
    consent: Consent
    authenticate_client: AuthenticateClient
    authenticate_resource_server: AuthenticateResourceServer
    authorization_code_grant: AuthorizationCodeGrant
    refresh_token_grant: RefreshTokenGrant
    revoke_token: RevokeToken
    introspect_token: IntrospectToken
    check_bearer: CheckBearer
    explain_access: ExplainAccess
    access_reach: AccessReach
    signing_keys: SigningKeys
    usage: UsageRecorder
    housekeeping: Housekeeping
    outbound: Outbound


def open_deeds(
    settings: Settings,
    *,
    clock: Clock | None = None,
    secrets: SecretSource | None = None,
    passwords: Passwords | None = None,
    outbound: Outbound | None = None,
    directory: LiveDirectory | None = None,
) -> Deeds:
    """Open the database that the settings name and return every deed over it.

    A product that embeds Consentry passes its `directory`. Tests pass another clock, or hashes that cost less. The
    caller closes `database` at the end.
    Raises CatalogError and OSError for a catalog that cannot be read, ValueError for a directory in two forms at once.
    """
    catalog = parse_catalog(settings.catalog.read_text(encoding="utf-8"))
    book, approvals = RoleBook(catalog), ApprovalBook(catalog)
    clock = clock or SystemClock()
    secrets = secrets or SystemSecretSource(clock)
    passwords = passwords or Argon2Passwords()
    database = open_database(settings.database_url, settings.directory_view_members)

    stores = stores_of_people(database, directory)
    credentials, organisations, users = stores.credentials, stores.organisations, stores.users
    members, roles, apps = stores.members, stores.roles, stores.apps
    resources, failures = SqlResourceStore(database), SqlThrottleStore(database)
    client_throttle = Throttle(failures, _CLIENT_POLICY)
    usage = UsageRecorder(SqlUsageStore(database), clock)
    check_bearer = CheckBearer(credentials, approvals, book, usage, clock)
    mac_key = _derive_key(settings, "refresh tokens")
    authorize = Authorize(apps, resources, catalog, settings.require_pushed_requests)
    mint = TokenMint(secrets, _token_policy(settings), mac_key)
    signing_keys = SigningKeys(
        SqlSigningKeyStore(database),
        clock,
        secrets,
        _derive_key(settings, "signing keys"),
        SIGNING_ALGORITHMS if settings.openid_connect else (ES256,),
    )
    return Deeds(
        settings=settings,
        catalog=catalog,
        role_book=book,
        clock=clock,
        secrets=secrets,
        database=database,
        people=People(
            Organisations(organisations, clock, secrets),
            Users(users, passwords, clock, secrets),
            Members(members, roles, organisations, book, clock, secrets),
            Roles(roles, organisations, book, clock, secrets),
            members,
        ),
        operators=Operators(SqlOperatorStore(database), clock, secrets),
        resources=ResourceServers(resources, clock, secrets),
        audit=Audit(EventStore(database)),
        sign_in=SignIn(users, SqlSessionStore(database), failures, passwords, clock, secrets, settings.session_idle),
        app_registry=AppRegistry(apps, clock, secrets, catalog),
        app_secrets=AppSecrets(apps, SqlAppSecretStore(database), clock, secrets, settings.max_secrets_per_app),
        connections=Connections(stores.connections, book, clock, secrets),
        api_keys=ApiKeys(
            SqlApiKeyStore(database),
            members,
            book,
            clock,
            secrets,
            ApiKeyPolicy(settings.api_key_default_lifetime, settings.api_keys_may_never_expire),
        ),
        authorize=authorize,
        pushed_requests=PushedRequests(
            SqlPushedRequestStore(database),
            authorize,
            clock,
            secrets,
            settings.pushed_request_lifetime,
            _derive_key(settings, "pushed requests"),
        ),
        consent=Consent(SqlAuthorizationStore(database), catalog, book, clock, secrets, settings.code_lifetime),
        authenticate_client=AuthenticateClient(apps, client_throttle, usage, clock),
        authenticate_resource_server=AuthenticateResourceServer(resources, client_throttle, clock),
        authorization_code_grant=AuthorizationCodeGrant(credentials, mint, clock, secrets),
        refresh_token_grant=RefreshTokenGrant(credentials, mint, approvals, book, clock, secrets),
        revoke_token=RevokeToken(credentials, mac_key, clock, secrets),
        introspect_token=IntrospectToken(check_bearer, approvals, settings.issuer),
        check_bearer=check_bearer,
        explain_access=ExplainAccess(credentials, stores.explanations, approvals, book, clock),
        access_reach=AccessReach(stores.explanations, organisations, roles, approvals, book, clock),
        signing_keys=signing_keys,
        usage=usage,
        housekeeping=Housekeeping(
            SqlHousekeepingStore(database),
            clock,
            Lifetimes(access_token=settings.access_token_lifetime, code=settings.code_lifetime),
        ),
        outbound=outbound or PublicOutbound(allowed=settings.outbound_allowed_networks),
    )


def _token_policy(settings: Settings) -> TokenPolicy:
    return TokenPolicy(
        settings.access_token_lifetime,
        settings.refresh_idle_lifetime,
        settings.refresh_absolute_lifetime,
        settings.refresh_grace,
    )


def _derive_key(settings: Settings, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that what protects one thing never speaks for another."""
    return hmac.new(settings.secret_key.reveal().encode(), f"consentry {purpose}".encode(), sha256).digest()
