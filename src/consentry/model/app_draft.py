"""What an administrator enters of an app, and everything that may be wrong with it.

Registering and editing read the same rules (threats TN-06): nothing that may not be registered can be edited in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from consentry.model.address_list import find_address_faults
from consentry.model.app import REDIRECT_URIS_MOST, App, AppType
from consentry.model.app_metadata import Members, find_metadata_faults, with_members
from consentry.model.catalog import Catalog
from consentry.model.faults import Fault
from consentry.model.shown_name import clean_name, find_name_fault
from consentry.oauth.client_metadata import AUTHORIZATION_CODE, ClientMetadata
from consentry.oauth.redirect_uri import explain_mismatch, find_match
from consentry.oauth.scope import MAX_TOKENS

_QUOTED_LENGTH = 60


@dataclass(frozen=True, slots=True)
class AppDraft:
    """An app as entered: `name` may have spaces around it, and any value may be wrong.

    `metadata` are members of client metadata, as `with_members` reads them.
    """

    name: str
    type: AppType
    redirect_uris: tuple[str, ...]
    required_scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...] = ()
    require_pkce: bool = True
    metadata: Members = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AppChange:
    """An edit as entered: None leaves a thing as it is. The type never changes."""

    name: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    required_scopes: tuple[str, ...] | None = None
    optional_scopes: tuple[str, ...] | None = None
    require_pkce: bool | None = None
    metadata: Members = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RedirectTrial:
    """Whether an address would be accepted in an authorization request of the app, and why.

    `registered` is the address that it matches, or the closest one. The sentence quotes both: for the app's owner only.
    """

    uri: str
    registered: str | None
    matches: bool
    sentence: str


def find_draft_faults(draft: AppDraft, catalog: Catalog) -> tuple[Fault, ...]:
    """Return everything that is wrong with a new app, in the order of the form."""
    metadata, type_faults = with_members(ClientMetadata(), draft.metadata)
    return (
        *_name_faults(draft.name),
        *_redirect_uri_faults(draft.redirect_uris, metadata),
        *_scope_faults(draft.required_scopes, draft.optional_scopes, catalog),
        *_pkce_faults(draft.type, require_pkce=draft.require_pkce),
        *type_faults,
        *find_metadata_faults(metadata, draft.type, draft.redirect_uris),
    )


def find_change_faults(app: App, change: AppChange, catalog: Catalog) -> tuple[Fault, ...]:
    """Return everything that is wrong with an edit; what is left as it is was judged when it was written."""
    faults: list[Fault] = []
    metadata, type_faults = with_members(app.metadata, change.metadata)
    redirect_uris = app.redirect_uris if change.redirect_uris is None else change.redirect_uris
    if change.name is not None:
        faults += _name_faults(change.name)
    if change.redirect_uris is not None or metadata.grant_types != app.metadata.grant_types:
        faults += _redirect_uri_faults(redirect_uris, metadata)
    if change.required_scopes is not None or change.optional_scopes is not None:
        # A scope that the app already has may have left the catalog since; it stands for nothing and may stay.
        faults += _scope_faults(
            tuple(app.required_scopes) if change.required_scopes is None else change.required_scopes,
            tuple(app.optional_scopes) if change.optional_scopes is None else change.optional_scopes,
            catalog,
            known=app.scopes.tokens,
        )
    if change.require_pkce is not None:
        faults += _pkce_faults(app.type, require_pkce=change.require_pkce)
    if change.metadata or change.redirect_uris is not None:
        faults += (*type_faults, *find_metadata_faults(metadata, app.type, redirect_uris))
    return tuple(faults)


def try_redirect_uri(registered: Sequence[str], uri: str) -> RedirectTrial:
    """Say whether `uri` would match, exactly as an authorization request is judged. Pure: nothing is recorded."""
    match = find_match(registered, uri)
    if match == uri:
        return RedirectTrial(uri, match, matches=True, sentence="This address matches: it is registered.")
    if match is not None:
        sentence = f"This address matches {match}: on the user's own computer the port may vary."
        return RedirectTrial(uri, match, matches=True, sentence=sentence)
    mismatch = explain_mismatch(registered, uri)
    return RedirectTrial(uri, mismatch.closest, matches=False, sentence=mismatch.owner_sentence)


def _name_faults(name: str) -> Iterator[Fault]:
    sentence = find_name_fault(clean_name(name))
    if sentence is not None:
        yield Fault("name", sentence)


def _redirect_uri_faults(uris: Sequence[str], metadata: ClientMetadata) -> Iterator[Fault]:
    if not uris and metadata.may_use(AUTHORIZATION_CODE):
        yield Fault("redirect_uris", "Enter at least one redirect URI.")
    if len(uris) > REDIRECT_URIS_MOST:
        yield Fault("redirect_uris", f"An app can have at most {REDIRECT_URIS_MOST} redirect URIs.")
        return
    yield from find_address_faults("redirect_uris", uris)


def _scope_faults(
    required: Sequence[str], optional: Sequence[str], catalog: Catalog, *, known: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    if not required and not optional:
        yield Fault("scopes", "Choose at least one scope.")
    if len(required) + len(optional) > MAX_TOKENS:
        yield Fault("scopes", f"An app can have at most {MAX_TOKENS} scopes.")
        return
    for place, names in (("scopes", required), ("optional_scopes", optional)):
        for name in _once(names):
            if name not in catalog.scopes and name not in known:
                yield Fault(place, f"The catalog has no scope {quoted(name)}.")
    for name in _once(optional):
        if name in required:
            yield Fault("optional_scopes", f"The scope {quoted(name)} is required and optional at once. Choose one.")


def _pkce_faults(app_type: AppType, *, require_pkce: bool) -> Iterator[Fault]:
    if app_type is AppType.PUBLIC and not require_pkce:
        yield Fault("require_pkce", "A public app has no secret, so it must use PKCE.")


def _once(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)


def quoted(text: str) -> str:
    """Return `text` fit for a sentence: short, and without characters that a terminal would obey."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return shown if len(shown) <= _QUOTED_LENGTH else f"{shown[: _QUOTED_LENGTH - 1]}\N{HORIZONTAL ELLIPSIS}"
