"""What an introspection tells the guard of a product's API beyond RFC 7662, written and read in one place.

The standard members say what a credential may do. A guard must also say why a call is refused, in the words of a guard
beside the database: for that it needs what was approved and what the user holds, and the reason of a refusal.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from consentry.model.access import Access, Reason, Refused
from consentry.model.ids import ApiKeyId, AppId, ClientId, ConnectionId, OrganisationId, UserId
from consentry.model.micros import to_micros
from consentry.oauth.scope import Scope

DETAIL = "detail"
"""The form parameter by which a resource server asks for more. RFC 7662 §2.1 leaves room for it."""

GUARD_DETAIL = "guard"
"""The value of that parameter: as much as a guard needs."""

_ACCESS, _REFUSED = "access", "refused"
_APP_SCOPE = "app_scope"
_NOT_GENUINE = frozenset({Reason.UNKNOWN_CREDENTIAL, Reason.MALFORMED_CREDENTIAL})


def members_of(answer: Access | Refused) -> Mapping[str, object]:
    """Return the members to add; none for a credential that is not genuine, of which nobody learns anything."""
    if isinstance(answer, Access):
        return {
            _ACCESS: {
                "app": answer.app_id,
                "scope": None if answer.scope is None else str(answer.scope),
                _APP_SCOPE: answer.app_scopes,
                "approved": sorted(answer.approved),
                "held": sorted(answer.held),
            }
        }
    if answer.reason in _NOT_GENUINE:
        return {}
    return {_REFUSED: {"reason": answer.reason.value, "sentence": answer.sentence}}


def read_introspected(body: Mapping[str, Any], issuer: str) -> Access | Refused | None:
    """Return what the answer of the server at `issuer` tells; None where it says no more than that nothing works.

    Times come in whole seconds. Raises ValueError for an answer that is not complete: it opens nothing.
    """
    try:
        if body["active"] is False:
            refused = body.get(_REFUSED)
            return None if refused is None else Refused(Reason(refused["reason"]), _text(refused["sentence"]))
        if body["active"] is not True or body["iss"] != issuer:
            raise ValueError("The answer is of another server, or of none.")
        return _read_access(body, body[_ACCESS])
    except (KeyError, TypeError, OverflowError, AttributeError) as fault:
        raise ValueError("The answer lacks what a guard needs.") from fault


def _read_access(body: Mapping[str, Any], detail: Mapping[str, Any]) -> Access:
    connection, key = body.get("connection"), body.get("api_key")
    if (connection is None) is (key is None):
        raise ValueError("A credential hangs on a connection, or else is an API key.")
    scope, app, client, audience = detail["scope"], detail["app"], body.get("client_id"), body.get("aud")
    # A server of the versions before does not tell what the app may ask for.
    confirmation, app_scopes = body.get("cnf"), detail.get(_APP_SCOPE)
    approved, held, permissions = _names(detail["approved"]), _names(detail["held"]), _names(body["permissions"])
    if not permissions <= approved & held:
        raise ValueError("The permissions reach further than what was approved and is held.")
    return Access(
        organisation_id=OrganisationId(_text(body["organisation"])),
        user_id=UserId(_text(body["sub"])),
        app_id=None if app is None else AppId(_text(app)),
        client_id=None if client is None else ClientId(_text(client)),
        connection_id=None if connection is None else ConnectionId(_text(connection)),
        api_key_id=None if key is None else ApiKeyId(_text(key)),
        scope=None if scope is None else Scope(frozenset(scope.split())),
        approved=approved,
        held=held,
        permissions=permissions,
        resource=None if audience is None else _text(audience),
        issued_micros=_micros(body["iat"]),
        expires_micros=None if body.get("exp") is None else _micros(body["exp"]),
        dpop_jkt=None if confirmation is None else _text(confirmation["jkt"]),
        app_scopes=None if app_scopes is None else _text(app_scopes),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("A member that must be text is none.")
    return value


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise TypeError("A list of permissions is none.")
    return frozenset(_text(name) for name in value)


def _micros(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("A time is no number.")
    return to_micros(datetime.fromtimestamp(value, UTC))
