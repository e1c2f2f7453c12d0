"""The form of an app's behaviour in the protocol: client metadata as fields, and fields as client metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consentry.model.app_metadata import PRIVATE_KEY_JWT
from consentry.oauth.client_metadata import (
    ASSERTION_ALGORITHMS,
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    REFRESH_TOKEN,
    SIGNING_ALGORITHMS,
)
from consentry.web.views.app_protocol import ProtocolChoice, ProtocolField, ProtocolForm, ProtocolGroup
from consentry.web.views.form import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consentry.model.app import App
    from consentry.model.faults import Fault
    from consentry.oauth.parameters import Parameters
    from consentry.web.views.app_protocol import FieldKind

_ON = "yes"
_SECONDS_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Spec:
    """A field before it has a value; `choices` are values with their labels."""

    name: str
    kind: FieldKind
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...] = ()
    confidential_only: bool = False


def _algorithms(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names)


_GROUPS: tuple[tuple[str, tuple[_Spec, ...]], ...] = (
    (
        "How it gets tokens",
        (
            _Spec(
                "grant_types",
                "ticks",
                "Ways to get tokens",
                "Take away what the app does not use.",
                (
                    (AUTHORIZATION_CODE, "People connect it in a browser (authorization code)"),
                    (REFRESH_TOKEN, "It stays connected (refresh token)"),
                    (DEVICE_CODE, "People connect devices without a browser (device code)"),
                    (CLIENT_CREDENTIALS, "It acts by itself (client credentials)"),
                ),
            ),
            _Spec(
                "application_type",
                "choice",
                "Where it runs",
                "As its makers call it.",
                (("", "Not said"), ("web", "On a server (web)"), ("native", "On people's devices (native)")),
            ),
            _Spec(
                "require_pushed_authorization_requests",
                "tick",
                "It must push its authorization requests",
                "Requests that come through a browser alone are refused then (RFC 9126).",
            ),
            _Spec(
                "dpop_bound_access_tokens",
                "tick",
                "Its tokens are bound to a key of its own",
                "A stolen token is then of no use to others (DPoP).",
            ),
        ),
    ),
    (
        "How it proves who it is",
        (
            _Spec(
                "token_endpoint_auth_method",
                "choice",
                "Proof",
                "A secret suits most apps. With a signature there is nothing that could leak from here.",
                (
                    ("", "A client secret, however it is sent"),
                    ("client_secret_basic", "A client secret, by HTTP Basic only"),
                    ("client_secret_post", "A client secret, in the body only"),
                    (PRIVATE_KEY_JWT, "A signature with its own key (private_key_jwt)"),
                ),
                confidential_only=True,
            ),
            _Spec(
                "token_endpoint_auth_signing_alg",
                "choice",
                "Algorithm of that signature",
                "Of use with private_key_jwt only.",
                (("", "Any that is safe"), *_algorithms(ASSERTION_ALGORITHMS)),
                confidential_only=True,
            ),
            _Spec(
                "jwks",
                "lines",
                "Its public keys",
                "A JSON Web Key Set, with public keys only.",
                confidential_only=True,
            ),
            _Spec(
                "jwks_uri",
                "line",
                "Or where they are",
                "An https address that this server can reach, so that the app may change its keys by itself.",
                confidential_only=True,
            ),
        ),
    ),
    (
        "Signing people in",
        (
            _Spec(
                "id_token_signed_response_alg",
                "choice",
                "Algorithm of ID tokens",
                "RS256 for older libraries.",
                _algorithms(SIGNING_ALGORITHMS),
            ),
            _Spec(
                "userinfo_signed_response_alg",
                "choice",
                "Algorithm of UserInfo",
                "Signed answers are JWTs. Choose one only where the app's documentation asks for it.",
                (("", "Not signed: JSON"), *_algorithms(SIGNING_ALGORITHMS)),
            ),
            _Spec(
                "subject_type",
                "choice",
                "How it knows people",
                "With identifiers of its own, two apps cannot tell that they have the same person.",
                (("public", "By the same identifier as other apps"), ("pairwise", "By identifiers of its own")),
            ),
            _Spec(
                "sector_identifier_uri",
                "line",
                "Address that lists its redirect URIs",
                "Needed for identifiers of its own where its redirect URIs have several hosts.",
            ),
            _Spec(
                "default_max_age",
                "line",
                "Longest time since the password, in seconds",
                "Who signed in longer ago is asked again. Empty: whenever they are signed in.",
            ),
            _Spec("require_auth_time", "tick", "ID tokens tell when people signed in", "As the claim auth_time."),
        ),
    ),
    (
        "Signing out",
        (
            _Spec(
                "post_logout_redirect_uris",
                "lines",
                "Where people may go after signing out",
                "One per line, compared character by character like redirect URIs.",
            ),
            _Spec(
                "backchannel_logout_uri",
                "line",
                "Where the app is told of it",
                "A public https address, to which this server posts when a person signs out.",
            ),
            _Spec(
                "backchannel_logout_session_required",
                "tick",
                "It needs to know which session ended",
                "As the claim sid.",
            ),
        ),
    ),
    (
        "Who makes it",
        (
            _Spec("client_uri", "line", "Its own page", "An https address."),
            _Spec("policy_uri", "line", "What it does with people's data", "An https address."),
            _Spec("tos_uri", "line", "Its terms", "An https address."),
            _Spec("logo_uri", "line", "Its picture", "An https address. It is not fetched."),
            _Spec("contacts", "lines", "Who answers for it", "E-mail addresses, one per line."),
            _Spec("software_id", "line", "Name of the software", "As its makers call it."),
            _Spec("software_version", "line", "Version of the software", "As its makers call it."),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class TypedProtocol:
    """The form as it was sent: its members for the registry, its texts for showing it again."""

    members: Mapping[str, object]
    texts: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)


def protocol_form_of(app: App) -> ProtocolForm:
    """Return the form that edits the app as it is."""
    texts = {spec.name: _texts_of(getattr(app.metadata, spec.name)) for _, specs in _GROUPS for spec in specs}
    return _form(app, texts)


def read_protocol_form(form: Parameters, app: App) -> TypedProtocol:
    """Read every field that was shown for this app; a repeated one raises OAuthError."""
    members: dict[str, object] = {}
    texts: dict[str, tuple[str, ...]] = {}
    lines: dict[str, tuple[tuple[int, str], ...]] = {}
    for spec in _shown(app):
        sent = form.all(spec.name) if spec.kind == "ticks" else tuple(filter(None, [form.one(spec.name)]))
        texts[spec.name] = sent
        text = sent[0].strip() if sent else ""
        if spec.kind == "lines" and spec.name != "jwks":
            lines[spec.name] = tuple(_numbered(text))
            members[spec.name] = [line for _, line in lines[spec.name]]
        else:
            members[spec.name] = _member(spec, sent, text)
    return TypedProtocol(members, texts, lines)


def protocol_form_again(typed: TypedProtocol, app: App, faults: Iterable[Fault]) -> ProtocolForm:
    """Return the form as it was typed, with what is wrong beside each field."""
    return _form(app, typed.texts, tuple(_field_error(fault, typed) for fault in faults))


def _member(spec: _Spec, sent: tuple[str, ...], text: str) -> object:
    if spec.kind == "ticks":
        return list(sent)
    if spec.kind == "tick":
        return bool(sent)
    if spec.name == "default_max_age" and text.isascii() and text.isdecimal() and len(text) <= _SECONDS_DIGITS:
        return int(text)
    return text or None


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip(" \t"):
            yield number, line.strip(" \t")


def _form(app: App, texts: Mapping[str, tuple[str, ...]], errors: tuple[FieldError, ...] = ()) -> ProtocolForm:
    shown = frozenset(spec.name for spec in _shown(app))
    groups = (
        ProtocolGroup(title, tuple(_field(spec, texts[spec.name], app) for spec in specs if spec.name in shown))
        for title, specs in _GROUPS
    )
    return ProtocolForm(tuple(group for group in groups if group.fields), errors)


def _field(spec: _Spec, sent: tuple[str, ...], app: App) -> ProtocolField:
    value = "\n".join(sent) if spec.kind == "lines" else "" if not sent else sent[0]
    choices = tuple(
        ProtocolChoice(one, label, one in sent or (not one and not sent))
        for one, label in spec.choices
        if not (one == CLIENT_CREDENTIALS and app.is_public)
    )
    return ProtocolField(spec.name, spec.kind, spec.label, spec.hint, value, choices)


def _shown(app: App) -> Iterator[_Spec]:
    return (spec for _, specs in _GROUPS for spec in specs if not (spec.confidential_only and app.is_public))


def _texts_of(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (_ON,) if value else ()
    if isinstance(value, tuple):
        return tuple(str(one) for one in value)
    return () if value is None else (str(value),)


def _field_error(fault: Fault, typed: TypedProtocol) -> FieldError:
    name, _, index = fault.field.partition(".")
    if index and name in typed.lines:
        line, value = typed.lines[name][int(index)]
        return FieldError(name, fault.sentence, line, value)
    return FieldError(name, fault.sentence)
