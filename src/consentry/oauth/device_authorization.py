"""The device authorization request and its answer. RFC 8628 §3.1 and §3.2."""

from dataclasses import dataclass, field

from consentry.oauth.parameters import Parameters
from consentry.oauth.resource import parse_resource
from consentry.oauth.scope import Scope

DEVICE_PATH = "/device"
"""Where people type the code: short, since it is typed too."""


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationRequest:
    """What a device asks for; an empty scope leaves it to the server. RFC 8628 §3.1, RFC 8707 §2."""

    scope: Scope
    resource: tuple[str, ...]

    @classmethod
    def parse(cls, form: Parameters) -> "DeviceAuthorizationRequest":
        """Read everything but the client. Raises OAuthError: INVALID_REQUEST, INVALID_SCOPE or INVALID_TARGET."""
        return cls(Scope.parse(form.one("scope")), parse_resource(form))


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationResponse:
    """What the device is told. Times are in seconds; `user_code` is as it is shown. RFC 8628 §3.2."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    verification_uri: str
    expires_in: int
    interval: int

    def to_json_object(self) -> dict[str, object]:
        """Return the members of the JSON body."""
        return {
            "device_code": self.device_code,
            "user_code": self.user_code,
            "verification_uri": self.verification_uri,
            "verification_uri_complete": f"{self.verification_uri}?user_code={self.user_code}",
            "expires_in": self.expires_in,
            "interval": self.interval,
        }
