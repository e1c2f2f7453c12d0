"""The only wiring: from settings to stores to deeds. Every door is given the deeds and makes nothing itself."""

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from consentry.clock import SystemClock
from consentry.deeds import Deeds
from consentry.flows.authenticate_by_assertion import AuthenticateByAssertion
from consentry.flows.authenticate_client import AuthenticateClient
from consentry.flows.authenticate_resource_server import AuthenticateResourceServer
from consentry.flows.authorization_code_grant import AuthorizationCodeGrant
from consentry.flows.authorize import Authorize
from consentry.flows.backchannel_logout import BackchannelLogout
from consentry.flows.check_bearer import CheckBearer
from consentry.flows.client_keys import ClientKeys
from consentry.flows.consent import Consent
from consentry.flows.dpop_proofs import DpopProofs
from consentry.flows.fetch_document import FetchDocument
from consentry.flows.housekeeping import Housekeeping, Lifetimes
from consentry.flows.id_tokens import IdTokens
from consentry.flows.identities import Identities
from consentry.flows.introspect_token import IntrospectToken
from consentry.flows.issue_tokens import TokenMint
from consentry.flows.key_rotation import KeyRotation
from consentry.flows.logout import Logout
from consentry.flows.meant_user import MeantUser
from consentry.flows.operators import Operators
from consentry.flows.pushed_requests import PushedRequests
from consentry.flows.refresh_token_grant import RefreshTokenGrant
from consentry.flows.resource_servers import ResourceServers
from consentry.flows.revoke_token import RevokeToken
from consentry.flows.sector_documents import SectorDocuments
from consentry.flows.sign_in import SignIn
from consentry.flows.signing_keys import SigningKeys
from consentry.flows.subjects import Subjects
from consentry.flows.throttle import Throttle
from consentry.flows.token_policy import TokenPolicy
from consentry.flows.usage import UsageRecorder
from consentry.flows.user_claims import UserClaims
from consentry.flows.user_info import UserInfo
from consentry.model.approval import ApprovalBook
from consentry.model.catalog import parse_catalog
from consentry.model.identity_scopes import with_identity_scopes
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
from consentry.secret_key import derive_key
from consentry.secret_source import SystemSecretSource
from consentry.settings import Settings
from consentry.shared_nonces import nonces_of
from consentry.storage.authorizations import SqlAuthorizationStore
from consentry.storage.fetched_documents import SqlFetchedDocumentStore
from consentry.storage.housekeeping import SqlHousekeepingStore
from consentry.storage.identities import SqlIdentityStore
from consentry.storage.logout import SqlLogoutStore
from consentry.storage.opening import open_database
from consentry.storage.operators import SqlOperatorStore, SqlResourceStore
from consentry.storage.people_source import stores_of_people
from consentry.storage.pushed_requests import SqlPushedRequestStore
from consentry.storage.sessions import SqlSessionStore
from consentry.storage.signing_keys import SqlSigningKeyStore
from consentry.storage.throttles import SqlThrottleStore
from consentry.storage.usage import SqlUsageStore
from consentry.storage.used_proofs import SqlUsedProofStore

if TYPE_CHECKING:
    from consentry.device_wiring import DeviceDeeds
    from consentry.people_wiring import PeopleDeeds
    from consentry.registration_wiring import RegistrationDeeds
    from consentry.service_wiring import ServiceDeeds

__all__ = ["Deeds", "open_deeds"]

# A program with a stale secret tries often; it is slowed sooner than people are, and for no longer than a minute.
_CLIENT_POLICY = ThrottlePolicy(free=20, longest_delay=timedelta(minutes=1))


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
    if settings.openid_connect:
        catalog = with_identity_scopes(catalog)
    book, approvals = RoleBook(catalog), ApprovalBook(catalog)
    clock = clock or SystemClock()
    secrets = secrets or SystemSecretSource(clock)
    passwords = passwords or Argon2Passwords()
    database = open_database(settings.database_url, settings.directory_view_members)

    stores = stores_of_people(database, directory)
    credentials, users, apps = stores.credentials, stores.users, stores.apps
    resources, failures = SqlResourceStore(database), SqlThrottleStore(database)
    client_throttle = Throttle(failures, _CLIENT_POLICY)
    usage = UsageRecorder(SqlUsageStore(database), clock)
    check_bearer = CheckBearer(credentials, approvals, book, usage, clock)
    mac_key = derive_key(settings.secret_key, "refresh tokens")
    mint = TokenMint(secrets, _token_policy(settings), mac_key)
    signing_keys = SigningKeys(
        SqlSigningKeyStore(database),
        clock,
        secrets,
        derive_key(settings.secret_key, "signing keys"),
        SIGNING_ALGORITHMS if settings.openid_connect else (ES256,),
    )

    subjects = Subjects(derive_key(settings.secret_key, "pairwise subjects"))
    identity_store = SqlIdentityStore(database)
    identities = Identities(users, identity_store)
    logouts, id_tokens = SqlLogoutStore(database), None
    if settings.openid_connect:
        id_tokens = IdTokens(signing_keys, identities, subjects, logouts, settings.issuer)
    outbound = outbound or PublicOutbound(allowed=settings.outbound_allowed_networks)
    sectors = SectorDocuments(outbound)
    used_proofs = SqlUsedProofStore(database)
    documents = FetchDocument(SqlFetchedDocumentStore(database), outbound, clock)
    client_documents = None
    if settings.client_id_metadata_documents:
        from consentry.registration_wiring import open_client_documents  # noqa: PLC0415 - as in of_people

        client_documents = open_client_documents(settings, catalog, clock, secrets, database, apps, documents)
    authorize = Authorize(
        apps, resources, catalog, settings.require_pushed_requests, client_documents, settings.default_resource
    )
    by_assertion = AuthenticateByAssertion(ClientKeys(documents), used_proofs, clock, settings.issuer)

    @cache
    def of_people() -> "PeopleDeeds":
        from consentry.people_wiring import open_people_deeds  # noqa: PLC0415 - see Deeds

        return open_people_deeds(
            settings, catalog, book, approvals, clock, secrets, passwords, database, stores, sectors
        )

    @cache
    def of_registration() -> "RegistrationDeeds":
        from consentry.registration_wiring import open_registration_deeds  # noqa: PLC0415 - as above

        return open_registration_deeds(settings, catalog, clock, secrets, database, apps, sectors)

    consent = Consent(
        SqlAuthorizationStore(database), stores.organisations, catalog, book, clock, secrets, settings.code_lifetime
    )

    @cache
    def of_devices() -> "DeviceDeeds":
        from consentry.device_wiring import open_device_deeds  # noqa: PLC0415 - as above

        mark_key = derive_key(settings.secret_key, "device user codes")
        return open_device_deeds(
            settings, clock, secrets, database, stores, failures, authorize, consent, mint, id_tokens, mark_key
        )

    @cache
    def of_services() -> "ServiceDeeds":
        from consentry.service_wiring import open_service_deeds  # noqa: PLC0415 - as above

        return open_service_deeds(catalog, book, approvals, clock, secrets, database, stores, authorize, mint, sectors)

    return Deeds(
        of_services=of_services,
        of_devices=of_devices,
        of_people=of_people,
        of_registration=of_registration,
        settings=settings,
        catalog=catalog,
        role_book=book,
        clock=clock,
        secrets=secrets,
        database=database,
        operators=Operators(SqlOperatorStore(database), clock, secrets),
        resources=ResourceServers(resources, clock, secrets),
        logout=Logout(apps, signing_keys, subjects, settings.issuer),
        backchannel_logout=BackchannelLogout(
            logouts, apps, signing_keys, subjects, outbound, settings.issuer, clock, secrets
        ),
        sign_in=SignIn(users, SqlSessionStore(database), failures, passwords, clock, secrets, settings.session_idle),
        authorize=authorize,
        pushed_requests=PushedRequests(
            SqlPushedRequestStore(database),
            authorize,
            clock,
            secrets,
            settings.pushed_request_lifetime,
            derive_key(settings.secret_key, "pushed requests"),
        ),
        consent=consent,
        authenticate_client=AuthenticateClient(apps, client_throttle, usage, clock, by_assertion, client_documents),
        authenticate_resource_server=AuthenticateResourceServer(resources, client_throttle, clock),
        authorization_code_grant=AuthorizationCodeGrant(credentials, mint, clock, secrets, id_tokens),
        refresh_token_grant=RefreshTokenGrant(credentials, mint, approvals, book, clock, secrets, id_tokens),
        revoke_token=RevokeToken(credentials, mac_key, clock, secrets),
        introspect_token=IntrospectToken(check_bearer, approvals, settings.issuer, subjects),
        check_bearer=check_bearer,
        signing_keys=signing_keys,
        key_rotation=KeyRotation(signing_keys, settings.signing_key_lifetime),
        subjects=subjects,
        meant_user=MeantUser(signing_keys, subjects, settings.issuer),
        user_claims=UserClaims(users, identity_store, clock, secrets),
        user_info=UserInfo(check_bearer, apps, identity_store, identities, subjects, signing_keys, settings.issuer),
        usage=usage,
        housekeeping=Housekeeping(
            SqlHousekeepingStore(database),
            clock,
            Lifetimes(settings.access_token_lifetime, settings.code_lifetime, settings.unused_apps_removed_after),
        ),
        outbound=outbound,
        documents=documents,
        dpop_proofs=DpopProofs(used_proofs, clock, nonces_of(settings)),
    )


def _token_policy(settings: Settings) -> TokenPolicy:
    return TokenPolicy(
        settings.access_token_lifetime,
        settings.refresh_idle_lifetime,
        settings.refresh_absolute_lifetime,
        settings.refresh_grace,
    )
