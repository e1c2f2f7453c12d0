"""Permissions: the fine-grained names, `resource.action`, that roles and API keys hold.

A set of permissions travels and is stored as text: sorted names with single spaces between them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

PermissionSet: TypeAlias = frozenset[str]

_PERMISSION_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def is_permission_name(text: str) -> bool:
    """Say whether `text` has the form `resource.action`, in lower case, such as `invoice.read`."""
    return _PERMISSION_NAME.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def parse_permissions(text: str) -> PermissionSet:
    """Return the names in a space-separated list, as it is stored for a role, a member or an API key.

    Remembered by content only: the same text always gives the same set, whoever it belongs to. Names that no
    catalog declares are kept; `Catalog.without_unknown` drops them.
    """
    return frozenset(text.split())


def render_permissions(permissions: Iterable[str]) -> str:
    """Return the text form that is stored: each name once, sorted, with single spaces between them."""
    return " ".join(sorted(set(permissions)))
