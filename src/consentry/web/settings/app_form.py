"""The form of an app: what was typed becomes a draft or a change, and comes back on the page with its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from consentry.model.app import App, AppType
from consentry.model.app_draft import AppChange, AppDraft
from consentry.web.views.apps import AppForm, ScopeChoice, ScopeGroup
from consentry.web.views.form import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consentry.model.catalog import Catalog, ScopeEntry
    from consentry.model.faults import Fault
    from consentry.oauth.parameters import Parameters

Choice = Literal["no", "required", "optional"]
_SCOPE = "scope."


@dataclass(frozen=True, slots=True)
class TypedApp:
    """An app's form as it was sent. `lines` are the addresses with the number of the line that each stood on."""

    name: str
    redirect_uris: str
    lines: tuple[tuple[int, str], ...]
    scopes: Mapping[str, str]
    type: AppType | None
    require_pkce: bool | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The redirect URIs, without the spaces around them."""
        return tuple(address for _, address in self.lines)

    def chosen(self, choice: Choice) -> tuple[str, ...]:
        """Return the scopes that are required, or optional."""
        return tuple(name for name, value in self.scopes.items() if value == choice)

    def to_draft(self, app_type: AppType) -> AppDraft:
        """Return the new app that was typed."""
        return AppDraft(self.name, app_type, self.addresses, self.chosen("required"), self.chosen("optional"))

    def to_change(self) -> AppChange:
        """Return the edit that was typed: the form holds all that may be edited."""
        return AppChange(self.name, self.addresses, self.chosen("required"), self.chosen("optional"), self.require_pkce)


def read_app_form(form: Parameters) -> TypedApp:
    """Read the fields; a repeated one raises OAuthError, an unknown one is never looked at."""
    redirect_uris = form.one("redirect_uris") or ""
    lines = tuple(
        (number, line.strip(" \t"))
        for number, line in enumerate(redirect_uris.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
        if line.strip(" \t")
    )
    scopes = {name[len(_SCOPE) :]: form.one(name) or "no" for name in form.names if name.startswith(_SCOPE)}
    app_type = form.one("type")
    return TypedApp(
        name=form.one("name") or "",
        redirect_uris=redirect_uris,
        lines=lines,
        scopes=scopes,
        type=AppType(app_type) if app_type in set(AppType) else None,
        require_pkce={"yes": True, "no": False}.get(form.one("require_pkce") or ""),
    )


def empty_form(catalog: Catalog) -> AppForm:
    """Return the form for a new app."""
    return AppForm(scope_groups=_scope_groups(catalog, {}))


def form_of(app: App, catalog: Catalog) -> AppForm:
    """Return the form that edits `app` as it is."""
    chosen = dict.fromkeys(app.required_scopes, "required") | dict.fromkeys(app.optional_scopes, "optional")
    return AppForm(
        name=app.name,
        redirect_uris="\n".join(app.redirect_uris),
        scope_groups=_scope_groups(catalog, chosen),
        require_pkce=None if app.is_public else app.require_pkce,
    )


def form_again(typed: TypedApp, catalog: Catalog, faults: Iterable[Fault]) -> AppForm:
    """Return the form as it was typed, with what is wrong beside each field."""
    return AppForm(
        name=typed.name,
        redirect_uris=typed.redirect_uris,
        type=None if typed.type is None else typed.type.value,
        scope_groups=_scope_groups(catalog, typed.scopes),
        require_pkce=typed.require_pkce,
        errors=tuple(_field_error(fault, typed) for fault in faults),
    )


def _field_error(fault: Fault, typed: TypedApp) -> FieldError:
    field, _, index = fault.field.partition(".")
    if field == "redirect_uris" and index:
        line, value = typed.lines[int(index)]
        return FieldError(field, fault.sentence, line, value)
    return FieldError("scopes" if field == "optional_scopes" else field, fault.sentence)


def _scope_groups(catalog: Catalog, chosen: Mapping[str, str]) -> tuple[ScopeGroup, ...]:
    return tuple(
        ScopeGroup(
            resource.replace("_", " ").capitalize(), tuple(_choice(entry, chosen.get(entry.name)) for entry in entries)
        )
        for resource, entries in catalog.scopes_by_resource().items()
    )


def _choice(entry: ScopeEntry, chosen: str | None) -> ScopeChoice:
    match chosen:
        case "required" | "optional":
            return ScopeChoice(entry.name, entry.title, entry.access, chosen)
        case _:
            return ScopeChoice(entry.name, entry.title, entry.access)
