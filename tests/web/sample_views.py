"""The subjects of the sample pages: an accounting product's apps, connections, keys and events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consentry.web.views import api_keys, api_reference, app_protocol, apps, audit, connections, consent, sign_in
from consentry.web.views.form import FieldError
from consentry.web.views.provenance import Provenance

NOW = datetime(2026, 11, 24, 14, 5, 9, tzinfo=UTC)


def back(**distance: float) -> datetime:
    return NOW - timedelta(**distance)


SCOPES = (
    ("Contacts", "contacts", "See your clients and vendors", "Create, edit and delete clients and vendors"),
    (
        "Invoicing",
        "invoicing",
        "See your invoices, quotes and billing items",
        "Create, send, void and delete invoices, quotes and billing items",
    ),
    ("Payments", "payments", "See payments that you received or made", "Record, refund and reconcile payments"),
    ("Products", "products", "See your products and stock", "Change your products and adjust stock"),
    (
        "Bills",
        "bills",
        "See bills, expenses and purchase orders",
        "Enter and submit bills, expenses and purchase orders",
    ),
    ("Accounting", "accounting", "See your ledger and journals", "Post and adjust journal entries"),
    ("Banking", "banking", "See bank accounts and their transactions", "Connect bank accounts and match transactions"),
    ("Company", "company", "See your company's details and branding", "Change your company's details and branding"),
    ("Reports", "reports", "See and export reports", None),
    ("Taxes", "taxes", "See tax rates and returns", None),
)
CHOSEN = {"invoicing:read": "required", "invoicing:write": "optional", "contacts:read": "required"}
GROUPS = tuple(
    apps.ScopeGroup(
        resource,
        tuple(
            apps.ScopeChoice(f"{word}:{verb}", title, access, CHOSEN.get(f"{word}:{verb}", "no"))
            for verb, access, title in (("read", "view", view), ("write", "change", change))
            if title
        ),
    )
    for resource, word, view, change in SCOPES
)
FORM = apps.AppForm(
    name="Papertrail",
    redirect_uris="https://app.papertrail.example/oauth/callback\nhttp://localhost/callback",
    type="confidential",
    scope_groups=GROUPS,
)
WRONG_FORM = replace(
    FORM,
    name="",
    redirect_uris="https://app.papertrail.example/oauth/callback\nhttp://papertrail.example/cb\nhttps://*.papertrail.example/cb#x",
    type=None,
    errors=(
        FieldError("name", "Give the app a name. People read it on the consent screen."),
        FieldError(
            "redirect_uris",
            "http:// is allowed on localhost, 127.0.0.1 and [::1] only. Use https:// here.",
            2,
            "http://papertrail.example/cb",
        ),
        FieldError(
            "redirect_uris",
            "A wildcard (*) is not allowed in the host. Register each host by itself.",
            3,
            "https://*.papertrail.example/cb#x",
        ),
        FieldError("scopes", "Choose at least one scope."),
        FieldError("type", "Say whether the app can keep a secret."),
    ),
)
AUTHORIZE = (
    "https://connect.ledgerly.example/oauth/authorize?response_type=code&client_id=app_0Qb7xYtK2mWc9RfVd3HsLe"
    "&redirect_uri=https%3A%2F%2Fapp.papertrail.example%2Foauth%2Fcallback&scope=invoicing%3Aread&state=STATE"
    "&code_challenge=CHALLENGE&code_challenge_method=S256"
)
CLIENT = "app_0Qb7xYtK2mWc9RfVd3HsLe"
SECRET = "cst_sk_0Qb7xYtK2mWc9RfVd3HsLe5mJ0aXw8Zt1pGq4NvKb6RyUc2EhSdTo7LfWiMxP9jV3k2"
ROWS = (
    apps.AppRow(
        "Papertrail",
        "confidential",
        CLIENT,
        ("contacts:read", "invoicing:read", "invoicing:write"),
        ("https://app.papertrail.example/oauth/callback", "http://localhost/callback"),
        back(days=41),
        "active",
    ),
    apps.AppRow(
        "ledgerly-cli",
        "public",
        "app_0Qc1zUaB7kXn4TgWe8JtMf",
        ("invoicing:read",),
        ("http://127.0.0.1/callback",),
        back(days=12),
        "active",
    ),
    apps.AppRow(
        "Northwind Inventory and Procurement Suite for Wholesale Distribution, UK edition",
        "confidential",
        "app_0PzQ9wRb3nVk6YhXc2LuSg",
        tuple(
            f"{word}:{verb}" for _, word, _, change in SCOPES for verb in ("read", "write") if verb == "read" or change
        ),
        (
            "https://procurement.northwind-traders.example/integrations/ledgerly/oauth2/callback",
            "https://staging.procurement.northwind-traders.example/integrations/ledgerly/oauth2/callback",
            "https://eu.northwind-traders.example/cb",
        ),
        back(days=300),
        "deactivated",
    ),
)
PROTOCOL = app_protocol.ProtocolForm(
    (
        app_protocol.ProtocolGroup(
            "How it gets tokens",
            (
                app_protocol.ProtocolField(
                    "grant_types",
                    "ticks",
                    "Ways to get tokens",
                    "Take away what the app does not use.",
                    choices=(
                        app_protocol.ProtocolChoice(
                            "authorization_code", "People connect it in a browser", chosen=True
                        ),
                        app_protocol.ProtocolChoice("refresh_token", "It stays connected", chosen=True),
                        app_protocol.ProtocolChoice("client_credentials", "It acts by itself", chosen=False),
                    ),
                ),
                app_protocol.ProtocolField(
                    "require_pushed_authorization_requests",
                    "tick",
                    "It must push its authorization requests",
                    "Requests that come through a browser alone are refused then (RFC 9126).",
                ),
            ),
        ),
        app_protocol.ProtocolGroup(
            "Signing people in",
            (
                app_protocol.ProtocolField(
                    "id_token_signed_response_alg",
                    "choice",
                    "Algorithm of ID tokens",
                    "RS256 for older libraries.",
                    choices=(
                        app_protocol.ProtocolChoice("ES256", "ES256", chosen=True),
                        app_protocol.ProtocolChoice("RS256", "RS256", chosen=False),
                    ),
                ),
                app_protocol.ProtocolField(
                    "default_max_age",
                    "line",
                    "Longest time since the password, in seconds",
                    "Who signed in longer ago is asked again.",
                    "3600",
                ),
                app_protocol.ProtocolField(
                    "post_logout_redirect_uris",
                    "lines",
                    "Where people may go after signing out",
                    "One per line, compared character by character like redirect URIs.",
                    "https://app.papertrail.example/bye\nhttp://papertrail.example/bye",
                ),
            ),
        ),
    )
)
WRONG_PROTOCOL = replace(
    PROTOCOL,
    errors=(
        FieldError("grant_types", "Choose one of them."),
        FieldError(
            "post_logout_redirect_uris",
            "Plain http:// is allowed on localhost, 127.0.0.1 and [::1] only.",
            2,
            "http://papertrail.example/bye",
        ),
    ),
)
ACTING = app_protocol.ActingCard(
    ("contacts:read", "invoicing:read"),
    ("invoicing:write",),
    may_allow=True,
    connection_href="/settings/connections/all?user=usr_1",
)
APP = apps.AppPage(
    name="Papertrail",
    client_id=CLIENT,
    type="confidential",
    status="active",
    created_at=back(days=41),
    created_by="Ana Oliveira",
    connections=14,
    last_used_at=back(minutes=3),
    deep_link=f"https://connect.ledgerly.example/settings/connections/{CLIENT}",
    authorize_url=AUTHORIZE,
    form=replace(FORM, require_pkce=True),
    protocol=PROTOCOL,
    acting=app_protocol.ActingCard(None, (), may_allow=True, connection_href=None),
    refusals=(
        apps.RefusalRow(
            "A slash at the end differs",
            apps.MarkedAddress("https://app.papertrail.example/oauth/callback", "/", ""),
            apps.MarkedAddress("https://app.papertrail.example/oauth/callback", "", ""),
            12,
            back(minutes=7),
        ),
    ),
    secrets=(
        apps.SecretRow("sec_1", "cst_sk_0Qb7xYtK…", back(days=41), back(minutes=3), NOW + timedelta(days=6, hours=3)),
        apps.SecretRow("sec_2", "cst_sk_0Qe5mJ0a…", back(hours=2), None, None),
    ),
)
REASON = "Your role Bookkeeper does not include sending invoices; an administrator can change that."
CONSENT = consent.ConsentPage(
    request="req_1",
    app="Papertrail",
    provenance=Provenance(back(days=41), "Papertrail Software Ltd"),
    redirect_host="app.papertrail.example",
    loopback=False,
    person_name="Ana Oliveira",
    person_email="ana@hill-and-sons.example",
    organisation="org_1",
    organisation_name="Hill & Sons Plumbing",
    switch_account_href="/sign-in?switch=1",
    choose_organisation_href="/consent?request=req_1&choose=1",
    scopes=(
        consent.ConsentScope("contacts:read", "See your clients and vendors", "view"),
        consent.ConsentScope("invoicing:read", "See your invoices, quotes and billing items", "view"),
        consent.ConsentScope("reports:read", "See and export reports", "view", required=False),
        consent.ConsentScope(
            "invoicing:write",
            "Create, send, void and delete invoices, quotes and billing items",
            "change",
            held="partly",
            reason=REASON,
        ),
        consent.ConsentScope(
            "payments:write",
            "Record, refund and reconcile payments",
            "change",
            required=False,
            held="none",
            reason="Your role Bookkeeper does not include changing payments; an administrator can change that.",
        ),
        consent.ConsentScope("openid", "Know that it is you who signs in", "identity"),
    ),
)
CARD = connections.ConnectionCard(
    id="con_1",
    href="/settings/connections/con_1",
    app="Papertrail",
    registered_by="Papertrail Software Ltd",
    organisation="Hill & Sons Plumbing",
    scopes=(
        connections.ScopeToday("invoicing:read", "See your invoices, quotes and billing items"),
        connections.ScopeToday(
            "invoicing:write", "Create, send, void and delete invoices, quotes and billing items", "partly", REASON
        ),
        connections.ScopeToday(
            "banking:read",
            "See bank accounts and their transactions",
            "nothing",
            "Your role Bookkeeper does not include bank accounts; an administrator can change that.",
        ),
    ),
    approved_at=back(days=30),
    first_used_at=back(days=30),
    last_used_at=back(minutes=3),
)
PAUSED = replace(
    CARD,
    id="con_2",
    app="Northwind Inventory",
    registered_by="Northwind Traders",
    last_used_at=None,
    first_used_at=None,
    scopes=CARD.scopes[:1],
    paused_reason="Northwind Traders has deactivated this app. It can do nothing at present.",
)
STRANGER_CARD = replace(
    CARD, id="con_4", app="Assistant", provenance=Provenance(back(days=30), vouched_by="assistant.example")
)
ENDED = replace(CARD, id="con_3", app="Old Importer", ended_at=back(days=2), ended_by="you")
KEYS = (
    api_keys.KeyRow(
        "Nightly export to the warehouse",
        "cst_key_0Qd3",
        "/settings/api-keys/key_1",
        ("invoice.read", "client.read", "report.read", "report.export", "payment.read"),
        "Ana Oliveira",
        back(days=80),
        back(hours=9),
        "203.0.113.7",
        NOW + timedelta(days=285),
        "active",
    ),
    api_keys.KeyRow(
        "Till",
        "cst_key_0Qa8",
        "/settings/api-keys/key_2",
        ("invoice.write",),
        "Bartholomäus von Hohenlohe-Langenburg",
        back(days=400),
        None,
        None,
        None,
        "active",
    ),
    api_keys.KeyRow(
        "Migration",
        "cst_key_0PxX",
        "/settings/api-keys/key_3",
        ("client.write",),
        "Ana Oliveira",
        back(days=500),
        back(days=420),
        "2001:db8::17",
        back(days=135),
        "expired",
    ),
    api_keys.KeyRow(
        "Laptop of Tom",
        "cst_key_0PyB",
        "/settings/api-keys/key_4",
        ("client.read",),
        "Tom Hill",
        back(days=200),
        back(days=190),
        "198.51.100.20",
        NOW + timedelta(days=165),
        "revoked",
    ),
)
RESOURCES = {
    "Clients": ("client", ("read", "write", "delete")), "Vendors": ("vendor", ("read", "write", "delete")), "Billing items": ("billing_item", ("read", "write", "delete")),
    "Invoices": ("invoice", ("read", "write", "send", "void", "delete")), "Bills": ("bill", ("read", "write", "submit")), "Quotes": ("quote", ("read", "write", "send")),
    "Expenses": ("expense", ("read", "submit")), "Payments": ("payment", ("read", "write", "refund", "reconcile")), "Payment instructions": ("payment_instruction", ("read", "write")),
    "Accounting": ("accounting", ("read", "post", "adjust", "close")), "Bank connections": ("bank_connection", ("read", "write")), "Reports": ("report", ("read", "export")),
    "Exchange rates": ("fx_rate", ("read", "write")), "Taxes": ("tax", ("read", "write")), "Products": ("product", ("read", "write")), "Inventory": ("inventory", ("read", "adjust")),
    "Purchase orders": ("purchase_order", ("read", "write")), "Users": ("user", ("read", "invite", "assign_role")), "Audit": ("audit", ("read",)), "API keys": ("api_key", ("create", "manage")),
}  # fmt: skip
WITHHELD = {"payment_instruction.write", "accounting.close", "user.assign_role", "api_key.manage"}
GRID = tuple(
    api_keys.PermissionGroup(
        resource,
        tuple(
            api_keys.PermissionChoice(
                f"{word}.{action}",
                action,
                f"{'See' if action == 'read' else action.capitalize().replace('_', ' ')} {resource.lower()}",
                held=f"{word}.{action}" not in WITHHELD,
                chosen=action == "read",
                sensitive=f"{word}.{action}" in WITHHELD,
                reason="Not in your role Accountant." if f"{word}.{action}" in WITHHELD else None,
            )
            for action in actions
        ),
    )
    for resource, (word, actions) in RESOURCES.items()
)
KEY_NEW = api_keys.KeyNewPage(groups=GRID, name="Nightly export")
API_KEY = SECRET.replace("cst_sk_", "cst_key_")
EVENTS = (
    audit.AuditRow(
        back(minutes=3),
        "Ana Oliveira through Papertrail",
        "Refreshed its access",
        "Papertrail",
        "token.refreshed",
        "203.0.113.7",
    ),
    audit.AuditRow(
        back(minutes=50),
        "Tom Hill",
        "Connected an app with invoicing:read and contacts:read",
        "ledgerly-cli",
        "connection.approved",
        "198.51.100.20",
    ),
    audit.AuditRow(
        back(hours=5),
        "Operator deploy",
        "Changed the role of Ana Oliveira from Accountant to Bookkeeper",
        "Ana Oliveira",
        "member.roles_changed",
    ),
    audit.AuditRow(
        back(days=2), "Ana Oliveira", "Disconnected an app", "Old Importer", "connection.ended", "2001:db8::17"
    ),
)
HOSTILE = "Payp\u0430l \u202elatigid\u202c\u200b{{7*7}}${7*7}<%= 7*7 %><img src=x onerror=alert(1)>'\"" + "A" * 5000
INSTALL = "Connecting apps takes the permission oauth_app.install, which your role Expense submitter does not include. An administrator can change that."
ORGANISATIONS = (
    sign_in.OrganisationChoice("Hill & Sons Plumbing", "Bookkeeper", "/consent?request=req_1&organisation=org_1"),
    sign_in.OrganisationChoice("Riverside Community Garden", "Owner", "/consent?request=req_1&organisation=org_2"),
    sign_in.OrganisationChoice(
        "Oliveira Consulting", "Expense submitter", "/consent?request=req_1&organisation=org_3", reason=INSTALL
    ),
)
REGISTERED = apps.AppRegisteredPage(
    "Papertrail",
    "confidential",
    CLIENT,
    SECRET,
    AUTHORIZE,
    "https://connect.ledgerly.example/oauth/token",
    "https://connect.ledgerly.example/.well-known/oauth-authorization-server",
)
ALL = connections.AllConnectionsPage(
    connections=tuple(
        connections.ConnectionRow(f"con_{n}", app, f"/settings/apps/{CLIENT}", person, mail, scopes, back(days=30 + n), used, ended)
        for n, (app, person, mail, scopes, used, ended) in enumerate((
            ("Papertrail", "Ana Oliveira", "ana@hill-and-sons.example", ("contacts:read", "invoicing:read", "invoicing:write", "reports:read"), back(minutes=3), None),
            ("ledgerly-cli", "Tom Hill", "tom@hill-and-sons.example", ("invoicing:read",), back(days=4), None),
            ("Old Importer", "Bartholomäus von Hohenlohe-Langenburg", "bartholomaeus.von-hohenlohe@hill-and-sons.example", ("contacts:write",), None, back(days=2)),
        ))
    ),
    apps=(connections.FilterOption("", "Every app", chosen=True), connections.FilterOption(CLIENT, "Papertrail")),
    users=(connections.FilterOption("", "Everybody", chosen=True), connections.FilterOption("usr_1", "Ana Oliveira")),
    next_href="/settings/connections/all?before=con_1",
)  # fmt: skip

REFERENCE = api_reference.ApiReferencePage(
    "What the settings pages do, for programs.",
    "/api/v1",
    (api_reference.Group("Apps", "apps", (api_reference.Operation("POST", "/apps", "Register an app", "Answers with its secret, once.", (), (api_reference.Field("name", "text", required=True, description="1 to 80 characters."),), "201", (api_reference.Field("client_id", "text", required=True, description="Its client ID."),)),)),),
)  # fmt: skip
