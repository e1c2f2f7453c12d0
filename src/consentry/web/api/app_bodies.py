"""What the management API reads and writes of apps. Unknown fields are refused, so nothing can be slipped in."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from consentry.json_objects import app_object, app_secret_object
from consentry.model.app import App, AppSecret, AppType
from consentry.model.app_draft import AppChange, AppDraft, RedirectTrial
from consentry.model.client import AppDetails, RedirectRefusal
from consentry.model.connection import Connection
from consentry.model.secret import Secret
from consentry.web.api.client_metadata_body import ClientMetadataAnswer, ClientMetadataBody
from consentry.web.api.page import Body
from consentry.web.api.text import Text

Names = Annotated[list[Text], Field(max_length=200)]


class NewApp(ClientMetadataBody):
    """A registration. `scopes` cannot be unticked on the consent screen; `optional_scopes` can."""

    name: Text
    type: Literal["confidential", "public"]
    redirect_uris: Names = Field(default_factory=list)
    scopes: Names = Field(default_factory=list)
    optional_scopes: Names = Field(default_factory=list)
    require_pkce: bool = True
    organisation: Text | None = Field(default=None, description="Needed from an operator; others act in their own.")

    def to_draft(self) -> AppDraft:
        """Return the draft that the registry judges."""
        return AppDraft(
            self.name,
            AppType(self.type),
            tuple(self.redirect_uris),
            tuple(self.scopes),
            tuple(self.optional_scopes),
            self.require_pkce,
            self.to_members(),
        )


class AppEdit(ClientMetadataBody):
    """An edit: what is left out stays. The type never changes."""

    name: Text = ""
    redirect_uris: Names = Field(default_factory=list)
    scopes: Names = Field(default_factory=list)
    optional_scopes: Names = Field(default_factory=list)
    require_pkce: bool = True

    def to_change(self) -> AppChange:
        """Return the change that was sent, and nothing of what was left out."""
        sent = self.model_fields_set
        return AppChange(
            name=self.name if "name" in sent else None,
            redirect_uris=tuple(self.redirect_uris) if "redirect_uris" in sent else None,
            required_scopes=tuple(self.scopes) if "scopes" in sent else None,
            optional_scopes=tuple(self.optional_scopes) if "optional_scopes" in sent else None,
            require_pkce=self.require_pkce if "require_pkce" in sent else None,
            metadata=self.to_members(),
        )


class RedirectUriToTry(Body):
    """An address to try against the registered ones."""

    redirect_uri: Text


Expiry = Annotated[AwareDatetime | None, Field(description="RFC 3339, with a time zone; left out: now.")]


class AppAnswer(ClientMetadataAnswer):
    """An app."""

    id: str
    client_id: str
    name: str
    type: str
    redirect_uris: list[str]
    scopes: list[str]
    optional_scopes: list[str]
    require_pkce: bool
    status: str
    organisation: str
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    origin: str
    vouched_by: str | None


class RegisteredAppAnswer(AppAnswer):
    """A new app; `client_secret` is told this once, and is null for a public app."""

    client_secret: str | None


class RefusalAnswer(BaseModel):
    """A redirect URI that was sent and refused, beside the closest registered one."""

    redirect_uri: str
    differs_in: str
    closest: str | None
    times: int
    first_at: datetime
    last_at: datetime


class AppDetailsAnswer(AppAnswer):
    """An app and what has been done with it.

    `live_connections` counts a thousand at most, and `has_more_connections` tells whether there are others.
    """

    live_connections: int
    has_more_connections: bool
    last_used_at: datetime | None
    redirect_refusals: list[RefusalAnswer]


class ActingAnswer(BaseModel):
    """The connection by which an app acts for the organisation that owns it, as a user of its own."""

    client_id: str
    organisation: str
    user: str
    connection: str
    scopes: list[str]


class SecretAnswer(BaseModel):
    """A client secret; `hint` is its last four characters."""

    id: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewSecretAnswer(SecretAnswer):
    """A new client secret, told this once."""

    client_id: str
    client_secret: str


class RedirectTrialAnswer(BaseModel):
    """Whether the address would be accepted; `registered` is the one that it matches, or the closest."""

    redirect_uri: str
    matches: bool
    registered: str | None
    explanation: str


def app_answer(app: App) -> AppAnswer:
    """Return the app as JSON shows it."""
    return AppAnswer(**app_object(app))


def registered_answer(app: App, client_secret: Secret | None) -> RegisteredAppAnswer:
    """Return a new app with its secret."""
    text = None if client_secret is None else client_secret.reveal()
    return RegisteredAppAnswer(**app_object(app), client_secret=text)


def details_answer(details: AppDetails) -> AppDetailsAnswer:
    """Return the app with its use."""
    return AppDetailsAnswer(
        **app_object(details.app),
        live_connections=details.live_connections,
        has_more_connections=details.has_more_connections,
        last_used_at=details.last_used_at,
        redirect_refusals=[_refusal_answer(refusal) for refusal in details.refusals],
    )


def acting_answer(client_id: str, connection: Connection) -> ActingAnswer:
    """Return by which connection the app acts."""
    return ActingAnswer(
        client_id=client_id,
        organisation=connection.organisation_id,
        user=connection.user_id,
        connection=connection.id,
        scopes=list(connection.scopes),
    )


def secret_answer(secret: AppSecret) -> SecretAnswer:
    """Return what is known of a secret."""
    return SecretAnswer(**app_secret_object(secret))


def new_secret_answer(secret: AppSecret, client_id: str, text: Secret) -> NewSecretAnswer:
    """Return a new secret with its text."""
    return NewSecretAnswer(**app_secret_object(secret), client_id=client_id, client_secret=text.reveal())


def trial_answer(trial: RedirectTrial) -> RedirectTrialAnswer:
    """Return the outcome of a trial."""
    return RedirectTrialAnswer(
        redirect_uri=trial.uri, matches=trial.matches, registered=trial.registered, explanation=trial.sentence
    )


def _refusal_answer(refusal: RedirectRefusal) -> RefusalAnswer:
    return RefusalAnswer(
        redirect_uri=refusal.redirect_uri,
        differs_in=refusal.part.value,
        closest=refusal.closest,
        times=refusal.times,
        first_at=refusal.first_at,
        last_at=refusal.last_at,
    )
