"""An app's behaviour in the protocol as the management API reads and writes it: members by their names in RFC 7591."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, JsonValue

from consentry.web.api.page import Body
from consentry.web.api.text import Text

Texts = Annotated[list[Text], Field(max_length=200)]


class ClientMetadataBody(Body):
    """Members of client metadata; one that is left out stays as it is, and null gives it its default."""

    grant_types: Texts | None = Field(default=None, description="RFC 7591 §2; the default connects people.")
    application_type: Text | None = Field(default=None, description="web or native (OpenID Connect Registration §2).")
    token_endpoint_auth_method: Text | None = Field(default=None, description="null: a secret, by Basic or the body.")
    token_endpoint_auth_signing_alg: Text | None = Field(default=None, description="For private_key_jwt: RFC 7523.")
    jwks: dict[str, JsonValue] | None = Field(default=None, description="Public keys, by value: RFC 7517 §5.")
    jwks_uri: Text | None = Field(default=None, description="Where the public keys are, instead of `jwks`.")
    require_pushed_authorization_requests: bool | None = Field(default=None, description="RFC 9126 §6.")
    dpop_bound_access_tokens: bool | None = Field(default=None, description="RFC 9449 §5.2.")
    subject_type: Text | None = Field(default=None, description="public or pairwise (OpenID Connect Core §8).")
    sector_identifier_uri: Text | None = Field(default=None, description="OpenID Connect Core §8.1.")
    id_token_signed_response_alg: Text | None = Field(default=None, description="ES256, RS256 or EdDSA.")
    userinfo_signed_response_alg: Text | None = Field(default=None, description="null: UserInfo is plain JSON.")
    default_max_age: int | None = Field(default=None, description="In seconds.")
    require_auth_time: bool | None = Field(default=None, description="OpenID Connect Registration §2.")
    post_logout_redirect_uris: Texts | None = Field(default=None, description="RP-Initiated Logout §3.1.")
    backchannel_logout_uri: Text | None = Field(default=None, description="Back-Channel Logout §2.2.")
    backchannel_logout_session_required: bool | None = Field(default=None, description="Back-Channel Logout §2.2.")
    client_uri: Text | None = Field(default=None, description="The app's own page.")
    logo_uri: Text | None = Field(default=None, description="The app's picture.")
    policy_uri: Text | None = Field(default=None, description="What the app does with people's data.")
    tos_uri: Text | None = Field(default=None, description="The app's terms.")
    contacts: Texts | None = Field(default=None, description="Who answers for the app.")
    software_id: Text | None = Field(default=None, description="RFC 7591 §2.")
    software_version: Text | None = Field(default=None, description="RFC 7591 §2.")

    def to_members(self) -> dict[str, object]:
        """Return the members that were sent, and nothing of what was left out."""
        sent = self.model_fields_set & ClientMetadataBody.model_fields.keys()
        return {name: getattr(self, name) for name in sent}


class ClientMetadataAnswer(BaseModel):
    """Every member of client metadata that can be set, with its present value."""

    grant_types: list[str]
    application_type: str | None
    token_endpoint_auth_method: str | None
    token_endpoint_auth_signing_alg: str | None
    jwks: dict[str, Any] | None
    jwks_uri: str | None
    require_pushed_authorization_requests: bool
    dpop_bound_access_tokens: bool
    subject_type: str
    sector_identifier_uri: str | None
    id_token_signed_response_alg: str
    userinfo_signed_response_alg: str | None
    default_max_age: int | None
    require_auth_time: bool
    post_logout_redirect_uris: list[str]
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    client_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    contacts: list[str]
    software_id: str | None
    software_version: str | None
