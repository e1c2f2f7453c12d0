"""Client secrets: a second one beside the first, so that an app changes its secret without a pause (R2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consentry.model.acting import Acting
from consentry.model.app import App, AppSecret
from consentry.model.event import Event, EventKind
from consentry.model.faults import ConflictError, Fault, InvalidInputError, NotFoundError
from consentry.model.fixed_credentials import secret_digest
from consentry.model.ids import EVENT, SECRET, AppId, EventId, SecretId
from consentry.model.secret import CredentialKind, Secret, digest, format_credential
from consentry.ports.apps import AppSecretStore, AppStore
from consentry.ports.world import Clock, SecretSource

MANAGE = "oauth_app.manage"
HINT_LENGTH = 4


def make_secret(secrets: SecretSource, app_id: AppId, now: datetime) -> tuple[Secret, AppSecret]:
    """Return a new client secret: its text, to be told once, and the record to be kept, which cannot give it back."""
    secret_id = SecretId(secrets.new_id(SECRET))
    payload = secrets.new_secret()
    text = format_credential(CredentialKind.CLIENT_SECRET, secret_id, payload)
    hint = text.reveal()[-HINT_LENGTH:]
    return text, AppSecret(secret_id, app_id, digest(payload), hint, now, None, None, None)


def keep_secret(secrets: SecretSource, app_id: AppId, text: Secret, now: datetime) -> AppSecret:
    """Return the record of a client secret that was brought along (model/fixed_credentials.py judged it)."""
    kept = secret_digest(text.reveal())
    if kept is None:
        raise ValueError("not a client secret")
    secret_id = SecretId(secrets.new_id(SECRET))
    return AppSecret(secret_id, app_id, kept, text.reveal()[-HINT_LENGTH:], now, None, None, None)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A second secret: the text is told here and never again."""

    record: AppSecret
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class AppSecrets:
    """The client secrets of confidential apps, at most `most` live ones each.

    Each method needs `oauth_app.manage` in the app's organisation, and raises as the methods of AppRegistry do.
    """

    apps: AppStore
    app_secrets: AppSecretStore
    clock: Clock
    secrets: SecretSource
    most: int = 2

    async def list(self, acting: Acting, client_id: str) -> Sequence[AppSecret]:
        """Return the live secrets, oldest first: when made, last used, and when they end; never the text."""
        app = await self._get_app(acting, client_id)
        return await self.app_secrets.live_secrets(app.id, now=self.clock.now())

    async def add(self, acting: Acting, client_id: str) -> NewSecret:
        """Give the app one more secret. Raises ConflictError for a public app, and where there are enough already."""
        app = await self._get_app(acting, client_id)
        if app.is_public:
            raise ConflictError("A public app cannot keep a secret, so it has none.")
        text, record = make_secret(self.secrets, app.id, self.clock.now())
        event = self._event(acting, app, EventKind.APP_SECRET_ADDED, record, {})
        if not await self.app_secrets.add(record, most=self.most, event=event):
            raise ConflictError(f"An app can have {self.most} secrets at once. Retire one first.")
        return NewSecret(record, text)

    async def retire(
        self, acting: Acting, client_id: str, secret_id: str, *, expires_at: datetime | None = None
    ) -> None:
        """End a secret now, or at `expires_at`, which must be to come (InvalidInputError).

        Raises NotFoundError for a secret that is none of the app's, or has ended.
        """
        app = await self._get_app(acting, client_id)
        now = self.clock.now()
        if expires_at is not None and expires_at <= now:
            raise InvalidInputError(Fault("expires_at", "Choose a time that is still to come."))
        chosen = SecretId(secret_id)
        if expires_at is None:
            event = self._event(acting, app, EventKind.APP_SECRET_RETIRED, chosen, {})
            done = await self.app_secrets.retire(app.id, chosen, event)
        else:
            event = self._event(acting, app, EventKind.APP_SECRET_RETIRED, chosen, {"expires": expires_at.isoformat()})
            done = await self.app_secrets.schedule_expiry(app.id, chosen, expires_at, event)
        if not done:
            raise NotFoundError("secret")

    async def _get_app(self, acting: Acting, client_id: str) -> App:
        app = await self.apps.find_app(client_id)
        if app is None:
            raise NotFoundError("app")
        acting.require(MANAGE, app.organisation_id, what="app")
        return app

    def _event(
        self, acting: Acting, app: App, kind: EventKind, secret: AppSecret | SecretId, details: dict[str, str]
    ) -> Event:
        secret_id = secret.id if isinstance(secret, AppSecret) else secret
        return Event(
            EventId(self.secrets.new_id(EVENT)),
            self.clock.now(),
            kind,
            app.organisation_id,
            acting.actor,
            app.id,
            {"secret": secret_id, **details},
        )
