"""What an administrator enters of an app's behaviour in the protocol, by the names of RFC 7591, and its faults.

Registering and editing read the same rules (threats TN-06). A member that is not named stays as it is, and null gives
it back its default.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeAlias

from consentry.model.address_list import find_address_faults
from consentry.model.app import AppType
from consentry.model.faults import Fault
from consentry.oauth.client_metadata import (
    ASSERTION_ALGORITHMS,
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    GRANT_TYPES,
    REFRESH_TOKEN,
    SIGNING_ALGORITHMS,
    ClientMetadata,
)
from consentry.oauth.jwk import find_key_set_fault
from consentry.oauth.redirect_uri import MAX_LENGTH, find_fault, host_of
from consentry.oauth.uri import Uri

Members: TypeAlias = Mapping[str, object]
"""Members of client metadata as JSON has them. `jwks` may be an object or its text."""

SECRET_METHODS = ("client_secret_basic", "client_secret_post")
PRIVATE_KEY_JWT = "private_key_jwt"
LOGOUT_URIS_MOST = 20
CONTACTS_MOST = 10
MAX_AGE_MOST = 2**31 - 1

_TEXT_LENGTH = 200
_CHOICES: Mapping[str, Sequence[str]] = {
    "application_type": ("web", "native"),
    "token_endpoint_auth_method": (*SECRET_METHODS, PRIVATE_KEY_JWT, "none"),
    "token_endpoint_auth_signing_alg": ASSERTION_ALGORITHMS,
    "subject_type": ("public", "pairwise"),
    "id_token_signed_response_alg": SIGNING_ALGORITHMS,
    "userinfo_signed_response_alg": SIGNING_ALGORITHMS,
}
_PAGES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
_DOCUMENTS = ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")
_FLAGS = (
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "require_auth_time",
    "backchannel_logout_session_required",
)
_LISTS = ("grant_types", "post_logout_redirect_uris", "contacts")
_TEXTS = ("software_id", "software_version")
_KNOWN = frozenset({*_CHOICES, *_PAGES, *_DOCUMENTS, *_FLAGS, *_LISTS, *_TEXTS, "jwks", "default_max_age"})
MEMBERS = tuple(field.name for field in fields(ClientMetadata) if field.name in _KNOWN)
"""Every member that an administrator may set."""

_CONTROL = re.compile(r"[\x00-\x1F\x7F-\x9F\ud800-\udfff]")
_DEFAULTS = ClientMetadata()


def with_members(before: ClientMetadata, members: Members) -> tuple[ClientMetadata, tuple[Fault, ...]]:
    """Return `before` with the members set, and a fault for each that is unknown or of another type.

    A member with a fault stays as it was.
    """
    taken: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in members.items():
        sentence = "There is no setting of this name." if name not in _KNOWN else _find_type_fault(name, value)
        if sentence is not None:
            faults.append(Fault(name, sentence))
        elif value is None or value == "":
            taken[name] = getattr(_DEFAULTS, name)
        else:
            taken[name] = _stored(name, value)
    return replace(before, **taken), tuple(faults)


def find_metadata_faults(
    metadata: ClientMetadata, app_type: AppType, redirect_uris: Sequence[str]
) -> tuple[Fault, ...]:
    """Return everything that is wrong with an app's metadata, whose members have the right types."""
    return (
        *_grant_faults(metadata, app_type),
        *_choice_faults(metadata),
        *_authentication_faults(metadata, app_type),
        *_key_faults(metadata),
        *_subject_faults(metadata, redirect_uris),
        *_logout_faults(metadata),
        *_address_faults(metadata),
        *_text_faults(metadata),
    )


def differences(before: ClientMetadata, after: ClientMetadata) -> dict[str, str]:
    """Return what an edit changed, in words for the audit; of a key set only that it changed."""
    changed: dict[str, str] = {}
    for name in sorted(_KNOWN):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changed[name] = "changed" if name == "jwks" else f"{_words(old)} -> {_words(new)}"
    return changed


def _find_type_fault(name: str, value: object) -> str | None:
    if value is None:
        return None
    if name in _FLAGS:
        return None if isinstance(value, bool) else "Choose true or false."
    if name in _LISTS:
        texts = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        return None if texts else "Write a list of texts."
    if name == "default_max_age":
        whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_AGE_MOST
        return None if whole else f"Write a number of seconds from 0 to {MAX_AGE_MOST}."
    if name == "jwks":
        return None if isinstance(value, str | dict) else "Write a JSON object with the member keys."
    return None if isinstance(value, str) else "Write a text."


def _stored(name: str, value: object) -> object:
    if name == "grant_types":
        asked = frozenset(_texts(value))
        return tuple(one for one in GRANT_TYPES if one in asked) + tuple(sorted(asked - set(GRANT_TYPES)))
    if name in _LISTS:
        return tuple(_texts(value))
    if name == "jwks" and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"))
    return value


def _texts(value: object) -> Iterable[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _grant_faults(metadata: ClientMetadata, app_type: AppType) -> Iterator[Fault]:
    unknown = [one for one in metadata.grant_types if one not in GRANT_TYPES]
    if unknown or not metadata.grant_types:
        yield Fault("grant_types", f"Choose from: {', '.join(GRANT_TYPES)}.")
    if metadata.may_use(CLIENT_CREDENTIALS) and app_type is AppType.PUBLIC:
        # RFC 6749 §4.4: the grant is for confidential clients only.
        yield Fault("grant_types", "A public app has no secret, so it cannot act by itself (client_credentials).")
    if metadata.may_use(REFRESH_TOKEN) and not {AUTHORIZATION_CODE, DEVICE_CODE} & set(metadata.grant_types):
        yield Fault("grant_types", "Refresh tokens come from authorization codes or device codes: choose one of them.")


def _choice_faults(metadata: ClientMetadata) -> Iterator[Fault]:
    for name, choices in _CHOICES.items():
        chosen = getattr(metadata, name)
        if chosen is not None and chosen not in choices:
            yield Fault(name, f"Choose one of: {', '.join(choices)}.")


def _authentication_faults(metadata: ClientMetadata, app_type: AppType) -> Iterator[Fault]:
    field, method = "token_endpoint_auth_method", metadata.token_endpoint_auth_method
    if app_type is AppType.PUBLIC and method not in {None, "none"}:
        yield Fault(field, "A public app can keep no secret and no private key: its method is none.")
    if app_type is AppType.CONFIDENTIAL and method == "none":
        yield Fault(field, "A confidential app must authenticate.")
    if method == PRIVATE_KEY_JWT and metadata.jwks is None and metadata.jwks_uri is None:
        yield Fault(field, "For private_key_jwt give the app's public keys, as jwks or jwks_uri.")
    if metadata.token_endpoint_auth_signing_alg is not None and method != PRIVATE_KEY_JWT:
        yield Fault("token_endpoint_auth_signing_alg", "This is of use with private_key_jwt only.")


def _key_faults(metadata: ClientMetadata) -> Iterator[Fault]:
    if metadata.jwks is None:
        return
    if metadata.jwks_uri is not None:
        # RFC 7591 §2: the two must not both be there.
        yield Fault("jwks_uri", "Give the keys or their address, not both.")
    sentence = find_key_set_fault(metadata.jwks)
    if sentence is not None:
        yield Fault("jwks", sentence)


def _subject_faults(metadata: ClientMetadata, redirect_uris: Sequence[str]) -> Iterator[Fault]:
    hosts = {host_of(uri) for uri in redirect_uris}
    if metadata.subject_type == "pairwise" and metadata.sector_identifier_uri is None and len(hosts) > 1:
        # OpenID Connect Core §8.1.
        yield Fault(
            "sector_identifier_uri",
            "The redirect URIs have several hosts: pairwise subjects need the address of a document that lists them.",
        )


def _logout_faults(metadata: ClientMetadata) -> Iterator[Fault]:
    uris = metadata.post_logout_redirect_uris
    if len(uris) > LOGOUT_URIS_MOST:
        yield Fault("post_logout_redirect_uris", f"An app can have at most {LOGOUT_URIS_MOST} of these.")
        return
    yield from find_address_faults("post_logout_redirect_uris", uris)


def _address_faults(metadata: ClientMetadata) -> Iterator[Fault]:
    for name in (*_PAGES, *_DOCUMENTS):
        address = getattr(metadata, name)
        if address is None:
            continue
        sentence = find_fault(address)
        if sentence is None and name in _DOCUMENTS and (Uri.parse(address).scheme or "").lower() != "https":
            # Whether it is public is judged at each call, when its name is resolved.
            sentence = "The address must begin with https://, because this server calls it."
        if sentence is not None:
            yield Fault(name, sentence)


def _text_faults(metadata: ClientMetadata) -> Iterator[Fault]:
    if len(metadata.contacts) > CONTACTS_MOST:
        yield Fault("contacts", f"An app can have at most {CONTACTS_MOST} contacts.")
    for name, texts in (
        ("contacts", metadata.contacts),
        ("software_id", (metadata.software_id,)),
        ("software_version", (metadata.software_version,)),
    ):
        if any(text is not None and _is_unsound(text) for text in texts):
            yield Fault(name, f"Write at most {_TEXT_LENGTH} characters, none of them a control character.")


def _is_unsound(text: str) -> bool:
    return not text or len(text) > _TEXT_LENGTH or _CONTROL.search(text) is not None


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:MAX_LENGTH]
