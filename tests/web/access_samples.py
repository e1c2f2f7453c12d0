"""The subjects of the sample pages that explain access."""

from typing import Any

from sample_views import HOSTILE, back

from consentry.web.views import access
from consentry.web.views.connections import FilterOption
from consentry.web.views.form import FieldError

TABS = (
    access.Tab("Explain a credential", "/settings/access", current=True),
    access.Tab("Who can", "/settings/access/who-can"),
    access.Tab("What if", "/settings/access/what-if"),
)
PERMISSIONS = (
    FilterOption("", "Every permission", chosen=True),
    FilterOption("invoice.read", "invoice.read: See invoices"),
)
CHOICES = (FilterOption("", "None", chosen=True), FilterOption("con_1", "Papertrail, Ana Oliveira"))
ROLES = (FilterOption("bookkeeper", "Bookkeeper"), FilterOption("reader", "Read-only"))
FORM = access.AccessPage(TABS, CHOICES, (FilterOption("", "None", chosen=True),), PERMISSIONS)


def permission(name: str, *, allowed: bool, reason: str = "", code: str = "", **sides: Any) -> access.PermissionRow:
    given: dict[str, Any] = {
        "given_by": ("invoicing:read",),
        "given_note": "",
        "held": True,
        "roles": ("Bookkeeper",),
        "held_note": "",
    }
    return access.PermissionRow("See invoices", name, allowed, reason, code, **{**given, **sides})


EXPLAINED = access.AccessPage(
    TABS,
    CHOICES,
    (FilterOption("", "None", chosen=True),),
    PERMISSIONS,
    "con_1",
    explained=access.ExplainedView(
        "The connection of Ana Oliveira with Papertrail",
        works=True,
        sentence="It is active, and may do 1 of 3 things now.",
        code="",
        side="Scope",
        parts=(
            access.PartRow("Connection", "", "Active", active=True),
            access.PartRow("App", "Papertrail", "Active", active=True),
            access.PartRow("Member", "Ana Oliveira", "Active", active=True),
        ),
        permissions=(
            permission("invoice.read", allowed=True),
            permission(
                "invoice.send",
                allowed=False,
                reason="The user's own role does not include invoice.send. An administrator can change that.",
                code="user_lacks_permission",
                held=False,
                roles=(),
                held_note="Not held",
            ),
            permission(
                "bank_account.write",
                allowed=False,
                reason="No scope covers bank_account.write: apps cannot be given it.",
                code="scope_not_granted",
                given_by=(),
                given_note="No scope covers it",
                roles=(),
                held_note="Tuned for the member",
            ),
        ),
        notes=("The member's permissions were set one by one, in place of those of their roles.",),
    ),
)
REVOKED = access.AccessPage(
    TABS[:1],
    CHOICES,
    CHOICES,
    PERMISSIONS,
    explained=access.ExplainedView(
        f"The API key {HOSTILE} of Ana Oliveira",
        works=False,
        sentence="The API key was revoked.",
        code="revoked",
        side="Key",
        parts=(access.PartRow("API key", HOSTILE, "Revoked", active=False, since=back(days=2)),),
        permissions=(permission("invoice.read", allowed=False, code="revoked", given_by=(), given_note="In the key"),),
    ),
)
WRONG = access.AccessPage(
    TABS, CHOICES, CHOICES, PERMISSIONS, errors=(FieldError("credential", "There is no such credential."),)
)
LISTS = (
    access.ReachList(
        "members",
        "Members",
        (access.ReachRow("Ana Oliveira", "ana@hill-and-sons.example", None, ("Bookkeeper",)),),
        "/settings/access/who-can?permission=invoice.read&only=members&after=usr_1",
    ),
    access.ReachList(
        "connections",
        "Connections",
        (access.ReachRow("Papertrail", "Ana Oliveira", "/settings/access?credential=con_1", ("invoicing:read",)),),
    ),
    access.ReachList("api_keys", "API keys", needs="api_key.manage"),
)
WHO_CAN = access.WhoCanPage(TABS, PERMISSIONS[1:], "See invoices (invoice.read)", LISTS)
WHO_CAN_FORM = access.WhoCanPage(TABS, PERMISSIONS[1:])
CHANGES = (
    access.ReachList(
        "members",
        "Members",
        (
            access.ReachRow(
                "Ana Oliveira", "ana@hill-and-sons.example", loses=tuple(f"invoice.do{n}" for n in range(7))
            ),
        ),
    ),
    access.ReachList("connections", "Connections"),
    access.ReachList(
        "api_keys",
        "API keys",
        (access.ReachRow(HOSTILE, HOSTILE, "/settings/access?credential=key_1", gains=("a.b",)),),
    ),
)
WHAT_IF = access.WhatIfPage(
    TABS,
    ROLES,
    PERMISSIONS[1:],
    (FilterOption("loses", "loses"), FilterOption("gains", "gains")),
    ROLES,
    (FilterOption("loses_role", "loses the role"), FilterOption("suspended", "is suspended (whatever the role)")),
    asked="If the role Bookkeeper loses invoice.read",
    lists=CHANGES,
)
WHAT_IF_WRONG = access.WhatIfPage(
    TABS,
    ROLES,
    PERMISSIONS[1:],
    WHAT_IF.hows,
    ROLES,
    WHAT_IF.becomes,
    member="nobody@hill-and-sons.example",
    errors=(FieldError("member", "No member of the organisation has that e-mail address."),),
)
