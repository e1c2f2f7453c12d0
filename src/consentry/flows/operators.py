"""Operators: those who run Consentry, by a token for the management API."""

from dataclasses import dataclass

from consentry.flows.organisations import require_name
from consentry.model.acting import Acting
from consentry.model.event import Event, EventKind
from consentry.model.faults import NotFoundError
from consentry.model.ids import EVENT, OPERATOR, EventId, OperatorId
from consentry.model.organisation import Operator
from consentry.model.secret import CredentialKind, Secret, digest, format_credential, is_same_digest, parse_credential
from consentry.ports.people import OperatorStore
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class CreatedOperator:
    """A new operator with the token, which is readable here once."""

    operator: Operator
    token: Secret


@dataclass(frozen=True, slots=True)
class Operators:
    """What operators may do with operators, and how one is known by the token."""

    store: OperatorStore
    clock: Clock
    secrets: SecretSource

    async def create(self, acting: Acting, name: str) -> CreatedOperator:
        """Make an operator. Raises PermissionMissingError, InvalidInputError."""
        acting.require_operator()
        payload = self.secrets.new_secret()
        operator = Operator(
            OperatorId(self.secrets.new_id(OPERATOR)), require_name(name), digest(payload), self.clock.now(), None
        )
        event = self._event(acting, EventKind.OPERATOR_CREATED, operator.id, name=operator.name)
        await self.store.create(operator, event)
        return CreatedOperator(operator, format_credential(CredentialKind.OPERATOR_TOKEN, operator.id, payload))

    async def list(self, acting: Acting) -> list[Operator]:
        """Return all operators, revoked ones too. Raises PermissionMissingError."""
        acting.require_operator()
        return await self.store.operators()

    async def revoke(self, acting: Acting, operator_id: OperatorId) -> None:
        """End an operator's token at once. Raises PermissionMissingError; NotFoundError if there is no live one."""
        acting.require_operator()
        event = self._event(acting, EventKind.OPERATOR_REVOKED, operator_id)
        if not await self.store.revoke(operator_id, self.clock.now(), event):
            raise NotFoundError("operator")

    async def find(self, text: str) -> Operator | None:
        """Return the operator whose token this is, or None. Digests are compared in constant time."""
        parsed = parse_credential(text, CredentialKind.OPERATOR_TOKEN)
        if parsed is None:
            return None
        operator = await self.store.find_operator(OperatorId(OPERATOR + parsed.id))
        stored = bytes(32) if operator is None else operator.digest
        is_genuine = is_same_digest(stored, parsed.digest)
        if operator is None or not is_genuine or operator.revoked_at is not None:
            return None
        return operator

    def _event(self, acting: Acting, kind: EventKind, operator_id: OperatorId, **details: str) -> Event:
        return Event(
            EventId(self.secrets.new_id(EVENT)), self.clock.now(), kind, None, acting.actor, operator_id, details
        )
