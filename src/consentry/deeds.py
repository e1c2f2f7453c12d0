"""Everything that can be done, in one record: what each door is given. wiring.py fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from consentry.device_wiring import DeviceDeeds
    from consentry.flows.access_reach import AccessReach
    from consentry.flows.api_keys import ApiKeys
    from consentry.flows.app_registry import AppRegistry
    from consentry.flows.app_secrets import AppSecrets
    from consentry.flows.audit import Audit
    from consentry.flows.authenticate_client import AuthenticateClient
    from consentry.flows.authenticate_resource_server import AuthenticateResourceServer
    from consentry.flows.authorization_code_grant import AuthorizationCodeGrant
    from consentry.flows.authorize import Authorize
    from consentry.flows.backchannel_logout import BackchannelLogout
    from consentry.flows.check_bearer import CheckBearer
    from consentry.flows.connections import Connections
    from consentry.flows.consent import Consent
    from consentry.flows.dpop_proofs import DpopProofs
    from consentry.flows.explain_access import ExplainAccess
    from consentry.flows.fetch_document import FetchDocument
    from consentry.flows.housekeeping import Housekeeping
    from consentry.flows.introspect_token import IntrospectToken
    from consentry.flows.key_rotation import KeyRotation
    from consentry.flows.logout import Logout
    from consentry.flows.meant_user import MeantUser
    from consentry.flows.operators import Operators
    from consentry.flows.people import People
    from consentry.flows.pushed_requests import PushedRequests
    from consentry.flows.refresh_token_grant import RefreshTokenGrant
    from consentry.flows.resource_servers import ResourceServers
    from consentry.flows.revoke_token import RevokeToken
    from consentry.flows.sign_in import SignIn
    from consentry.flows.signing_keys import SigningKeys
    from consentry.flows.subjects import Subjects
    from consentry.flows.usage import UsageRecorder
    from consentry.flows.user_claims import UserClaims
    from consentry.flows.user_info import UserInfo
    from consentry.model.catalog import Catalog
    from consentry.model.membership import RoleBook
    from consentry.people_wiring import PeopleDeeds
    from consentry.ports.outbound import Outbound
    from consentry.ports.world import Clock, SecretSource
    from consentry.registration_wiring import RegistrationDeeds
    from consentry.service_wiring import ServiceDeeds
    from consentry.settings import Settings
    from consentry.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """Everything that can be done, and the few things that every door needs beside it.

    What people and operators do with accounts, apps and keys is made when it is first asked for (`of_people`): a server
    that only answers programs has no use for it, and loading it would slow every start.
    """

    settings: Settings
    catalog: Catalog
    role_book: RoleBook
    clock: Clock
    secrets: SecretSource
    database: Database
    operators: Operators
    resources: ResourceServers
    sign_in: SignIn
    logout: Logout
    backchannel_logout: BackchannelLogout
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
    signing_keys: SigningKeys
    key_rotation: KeyRotation
    subjects: Subjects
    meant_user: MeantUser
    user_claims: UserClaims
    user_info: UserInfo
    usage: UsageRecorder
    housekeeping: Housekeeping
    outbound: Outbound
    documents: FetchDocument
    dpop_proofs: DpopProofs
    of_people: Callable[[], PeopleDeeds]
    of_registration: Callable[[], RegistrationDeeds]
    of_devices: Callable[[], DeviceDeeds]
    of_services: Callable[[], ServiceDeeds]

    @property
    def services(self) -> ServiceDeeds:
        """See consentry/service_wiring.py."""
        return self.of_services()

    @property
    def devices(self) -> DeviceDeeds:
        """See consentry/device_wiring.py."""
        return self.of_devices()

    @property
    def registration(self) -> RegistrationDeeds:
        """See consentry/registration_wiring.py."""
        return self.of_registration()

    @property
    def people(self) -> People:
        """See consentry/people_wiring.py."""
        return self.of_people().people

    @property
    def audit(self) -> Audit:
        """See consentry/people_wiring.py."""
        return self.of_people().audit

    @property
    def app_registry(self) -> AppRegistry:
        """See consentry/people_wiring.py."""
        return self.of_people().app_registry

    @property
    def app_secrets(self) -> AppSecrets:
        """See consentry/people_wiring.py."""
        return self.of_people().app_secrets

    @property
    def connections(self) -> Connections:
        """See consentry/people_wiring.py."""
        return self.of_people().connections

    @property
    def api_keys(self) -> ApiKeys:
        """See consentry/people_wiring.py."""
        return self.of_people().api_keys

    @property
    def explain_access(self) -> ExplainAccess:
        """See consentry/people_wiring.py."""
        return self.of_people().explain_access

    @property
    def access_reach(self) -> AccessReach:
        """See consentry/people_wiring.py."""
        return self.of_people().access_reach
