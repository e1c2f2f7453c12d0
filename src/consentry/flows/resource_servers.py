"""Resource servers: the product's APIs, which introspect, and to which tokens can be bound. RFC 8707."""

from dataclasses import dataclass

from consentry.flows.organisations import require_name
from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError
from consentry.model.ids import EVENT, RESOURCE, EventId, ResourceId
from consentry.model.micros import to_micros
from consentry.model.organisation import ResourceServer
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.oauth.resource import is_resource_identifier, is_same_resource
from consentry.ports.people import ResourceStore
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class RegisteredResource:
    """A new resource server with its secret, which is readable here once."""

    resource: ResourceServer
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class ResourceServers:
    """What operators may do with resource servers."""

    store: ResourceStore
    clock: Clock
    secrets: SecretSource

    async def page(self, acting: Acting, *, after: ResourceId | None, limit: int) -> list[ResourceServer]:
        """Return up to `limit` resource servers in the order of their registration. Raises PermissionMissingError."""
        acting.require_operator()
        return await self.store.page(after=after, limit=limit)

    async def register(self, acting: Acting, name: str, identifier: str) -> RegisteredResource:
        """Register a product API.

        Raises PermissionMissingError; InvalidInputError for an identifier that is no absolute URI without a fragment
        (RFC 8707 §2); ConflictError for one that is registered, also with and without the slash at a host's root.
        """
        acting.require_operator()
        name = require_name(name)
        if not is_resource_identifier(identifier):
            raise InvalidInputError(
                Fault("identifier", "Enter an absolute URL without a fragment, such as https://api.example.com.")
            )
        payload = self.secrets.new_secret()
        resource_id = ResourceId(self.secrets.new_id(RESOURCE))
        resource = ResourceServer(
            resource_id, resource_id, name, identifier, digest(payload), to_micros(self.clock.now())
        )
        event = Event(
            EventId(self.secrets.new_id(EVENT)),
            self.clock.now(),
            EventKind.RESOURCE_REGISTERED,
            None,
            acting.actor,
            resource_id,
            {"name": name, "identifier": identifier},
        )
        taken = any(is_same_resource(one, identifier) for one in await self.store.identifiers())
        if taken or not await self.store.register(resource, event):
            raise ConflictError("There is a resource server with this identifier already.")
        secret = format_credential(CredentialKind.CLIENT_SECRET, resource_id, payload)
        return RegisteredResource(resource, secret)
