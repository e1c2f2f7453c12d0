"""What there is to look up: error codes, scopes and permissions. Templates `error_reference`, `scope_reference`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consentry.model.error_guide import ProtocolError
    from consentry.model.refusal_guide import Explanation


@dataclass(frozen=True, slots=True)
class ExplainedGroup:
    """Codes that are found in the same place of an answer: in its member `name`."""

    heading: str
    anchor: str
    introduction: str
    name: str
    explanations: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class ErrorReferencePage:
    """`error_reference`, at `/docs/errors`. Each code is an anchor, which refusals link to."""

    groups: tuple[ExplainedGroup, ...]
    protocol_introduction: str
    protocol: tuple[ProtocolError, ...]
    pages_introduction: str
    pages: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A scope: what it lets an app do, the permissions that it stands for, the scopes that it includes."""

    name: str
    title: str
    permissions: tuple[str, ...]
    implies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """A permission, and the scopes that reach it; a sensitive one is reached by none."""

    name: str
    title: str
    scopes: tuple[str, ...]
    sensitive: bool


@dataclass(frozen=True, slots=True)
class ScopeReferencePage:
    """`scope_reference`, at `/docs/scopes`, in the catalog's order."""

    scopes_introduction: str
    scopes: tuple[ScopeRow, ...]
    permissions_introduction: str
    permissions: tuple[PermissionRow, ...]
