"""The wiring of what devices ask for and people answer. See wiring.py."""

from dataclasses import dataclass

from consentry.flows.authorize import Authorize
from consentry.flows.consent import Consent
from consentry.flows.device_authorization import DeviceAuthorization
from consentry.flows.device_code_grant import DeviceCodeGrant
from consentry.flows.device_consent import DeviceConsent
from consentry.flows.id_tokens import IdTokens
from consentry.flows.issue_tokens import TokenMint
from consentry.ports.sign_in import ThrottleStore
from consentry.ports.world import Clock, SecretSource
from consentry.settings import Settings
from consentry.storage.database import Database
from consentry.storage.device_codes import SqlDeviceCodeStore
from consentry.storage.people_source import PeopleStores


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDeeds:
    """What is done about devices: the request, the person's answer to it, the tokens."""

    authorization: DeviceAuthorization
    consent: DeviceConsent
    grant: DeviceCodeGrant


def open_device_deeds(
    settings: Settings,
    clock: Clock,
    secrets: SecretSource,
    database: Database,
    stores: PeopleStores,
    failures: ThrottleStore,
    authorize: Authorize,
    consent: Consent,
    mint: TokenMint,
    id_tokens: IdTokens | None,
    mark_key: bytes,
) -> DeviceDeeds:
    """Return the deeds, over the database and stores that are there. `mark_key` hides user codes in the store."""
    store = SqlDeviceCodeStore(database)
    return DeviceDeeds(
        authorization=DeviceAuthorization(
            store, authorize, failures, clock, secrets, settings.device_code_lifetime, mark_key, settings.issuer
        ),
        consent=DeviceConsent(store, stores.apps, authorize, consent, clock, secrets),
        grant=DeviceCodeGrant(store, stores.connections, mint, clock, id_tokens),
    )
