"""Users: made, renamed, suspended and reinstated by operators, who may also set their passwords."""

from dataclasses import dataclass

from consentry.flows.organisations import require_name
from consentry.model.acting import Acting
from consentry.model.email_address import find_email_fault, normalise_email
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError
from consentry.model.ids import EVENT, USER, EventId, UserId
from consentry.model.organisation import Standing, User
from consentry.model.password import find_password_fault
from consentry.model.secret import Secret
from consentry.model.service_member import SERVICE_DOMAIN, is_service_email
from consentry.ports.people import UserStore
from consentry.ports.sign_in import Passwords
from consentry.ports.world import Clock, SecretSource


@dataclass(frozen=True, slots=True)
class Users:
    """What may be done with users. All of it needs an operator: a user belongs to no one organisation."""

    store: UserStore
    passwords: Passwords
    clock: Clock
    secrets: SecretSource

    async def page(self, acting: Acting, *, after: UserId | None, limit: int) -> list[User]:
        """Return up to `limit` users in the order of their creation. Raises PermissionMissingError."""
        acting.require_operator()
        return await self.store.page(after=after, limit=limit)

    async def get(self, acting: Acting, user_id: UserId) -> User:
        """Return the user. Raises PermissionMissingError, NotFoundError."""
        acting.require_operator()
        found = await self.store.find_user(user_id)
        if found is None:
            raise NotFoundError("user")
        return found

    async def find_by_email(self, acting: Acting, email: str) -> User | None:
        """Return the user of this address, however it is written, or None. Raises PermissionMissingError."""
        acting.require_operator()
        email = normalise_email(email)
        return None if find_email_fault(email) else await self.store.find_user_by_email(email)

    async def create(
        self, acting: Acting, email: str, *, name: str | None = None, password: Secret | None = None
    ) -> User:
        """Make a new user, who can sign in if there is a password. Without a name, the address stands for it.

        Raises PermissionMissingError; InvalidInputError with every fault; ConflictError for an address in use.
        """
        acting.require_operator()
        email = normalise_email(email)
        faults = []
        fault = find_email_fault(email)
        if fault is None and is_service_email(email):
            fault = f"The domain {SERVICE_DOMAIN} is that of apps that act by themselves: use another address."
        if fault is not None:
            faults.append(Fault("email", fault))
        if password is not None:
            fault = find_password_fault(password, email=email)
            if fault is not None:
                faults.append(Fault("password", fault))
        try:
            name = email if name is None else require_name(name)
        except InvalidInputError as error:
            faults.extend(error.faults)
        if faults or name is None:
            raise InvalidInputError(*faults)
        password_hash = None if password is None else await self.passwords.hash(password)
        user = User(UserId(self.secrets.new_id(USER)), email, name, Standing.ACTIVE, self.clock.now())
        event = self._event(acting, EventKind.USER_CREATED, user.id, email=email)
        if not await self.store.create(user, password_hash, event):
            raise ConflictError("There is a user with this e-mail address already.")
        return user

    async def rename(self, acting: Acting, user_id: UserId, name: str) -> User:
        """Give the user another name. Raises PermissionMissingError, NotFoundError, InvalidInputError."""
        await self.get(acting, user_id)
        name = require_name(name)
        await self.store.rename(user_id, name, self._event(acting, EventKind.USER_CHANGED, user_id, name=name))
        return await self.get(acting, user_id)

    async def set_standing(self, acting: Acting, user_id: UserId, standing: Standing) -> User:
        """Suspend or reinstate: sessions, tokens and keys stop, or work again, at once. Idempotent.

        Raises PermissionMissingError, NotFoundError.
        """
        await self.get(acting, user_id)
        event = self._event(acting, EventKind.USER_CHANGED, user_id, standing=standing.value)
        await self.store.set_standing(user_id, standing, event)
        return await self.get(acting, user_id)

    async def set_password(self, acting: Acting, user_id: UserId, password: Secret) -> None:
        """Set the password and end every session of the user.

        Raises PermissionMissingError, NotFoundError, InvalidInputError.
        """
        user = await self.get(acting, user_id)
        if is_service_email(user.email):
            raise InvalidInputError(Fault("password", "This user is an app, which acts by itself and never signs in."))
        fault = find_password_fault(password, email=user.email)
        if fault is not None:
            raise InvalidInputError(Fault("password", fault))
        password_hash = await self.passwords.hash(password)
        await self.store.set_password(user_id, password_hash, self._event(acting, EventKind.PASSWORD_SET, user_id))

    async def sign_out_everywhere(self, acting: Acting, user_id: UserId) -> int:
        """End every session of the user, and have the apps that signed in under them told; return how many ended.

        Raises PermissionMissingError, NotFoundError.
        """
        await self.get(acting, user_id)
        return await self.store.end_sessions(user_id, self._event(acting, EventKind.SESSIONS_ENDED, user_id))

    def _event(self, acting: Acting, kind: EventKind, user_id: UserId, **details: str) -> Event:
        return Event(EventId(self.secrets.new_id(EVENT)), self.clock.now(), kind, None, acting.actor, user_id, details)
