"""A realistic sample of every page: an accounting product, its people, its apps. For the tests and for `scripts/preview`."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from consentry.web.views import api_keys, apps, audit, connections, consent, problem, sign_in
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Crumb, Frame, Notice, Person, SettingsSection, settings_navigation

NOW = datetime(2026, 11, 24, 14, 5, 9, tzinfo=UTC)
EVERYTHING = {"oauth_app.manage", "api_key.create", "api_key.manage", "audit.read"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One page to render: a name of its own, the template, the frame, the view, the status."""

    name: str
    template: str
    frame: Frame
    view: object
    status: int = 200


def back(**distance: float) -> datetime:
    return NOW - timedelta(**distance)


def plain_frame(title: str, *, signed_in: bool = True) -> Frame:
    return Frame(
        product="Ledgerly",
        title=title,
        now=NOW,
        csrf="c" * 64,
        person=Person("Ana Oliveira", "ana@hill-and-sons.example") if signed_in else None,
    )


def settings_frame(
    title: str,
    section: SettingsSection,
    *crumbs: tuple[str, str | None],
    notice: Notice | None = None,
    switch_href: str | None = "/settings/organisation",
) -> Frame:
    labels = {
        "apps": ("Connected apps", "/settings/apps"),
        "api_keys": ("API keys", "/settings/api-keys"),
        "connections": ("My connections", "/settings/connections"),
        "all_connections": ("All connections", "/settings/connections/all"),
        "audit": ("Audit", "/settings/audit"),
    }
    trail = [("Settings", "/settings"), labels[section], *crumbs] if crumbs else [("Settings", "/settings"), (labels[section][0], None)]
    return replace(
        plain_frame(title),
        organisation="Hill & Sons Plumbing",
        switch_href=switch_href,
        navigation=settings_navigation(section, permissions=EVERYTHING),
        breadcrumb=tuple(Crumb(label, href) for label, href in trail),
        notice=notice,
    )


SCOPES = (
    ("Contacts", "contacts", "See your clients and vendors", "Create, edit and delete clients and vendors"),
    ("Invoicing", "invoicing", "See your invoices, quotes and billing items", "Create, send, void and delete invoices, quotes and billing items"),
    ("Payments", "payments", "See payments that you received or made", "Record, refund and reconcile payments"),
    ("Products", "products", "See your products and stock", "Change your products and adjust stock"),
    ("Bills", "bills", "See bills, expenses and purchase orders", "Enter and submit bills, expenses and purchase orders"),
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
        FieldError("redirect_uris", "http:// is allowed on localhost, 127.0.0.1 and [::1] only. Use https:// here.", 2, "http://papertrail.example/cb"),
        FieldError("redirect_uris", "A wildcard (*) is not allowed in the host. Register each host by itself.", 3, "https://*.papertrail.example/cb#x"),
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
    apps.AppRow("Papertrail", "confidential", CLIENT, ("contacts:read", "invoicing:read", "invoicing:write"), ("https://app.papertrail.example/oauth/callback", "http://localhost/callback"), back(days=41), "active"),
    apps.AppRow("ledgerly-cli", "public", "app_0Qc1zUaB7kXn4TgWe8JtMf", ("invoicing:read",), ("http://127.0.0.1/callback",), back(days=12), "active"),
    apps.AppRow(
        "Northwind Inventory and Procurement Suite for Wholesale Distribution, UK edition",
        "confidential",
        "app_0PzQ9wRb3nVk6YhXc2LuSg",
        tuple(f"{word}:{verb}" for _, word, _, change in SCOPES for verb in ("read", "write") if verb == "read" or change),
        ("https://procurement.northwind-traders.example/integrations/ledgerly/oauth2/callback", "https://staging.procurement.northwind-traders.example/integrations/ledgerly/oauth2/callback", "https://eu.northwind-traders.example/cb"),
        back(days=300),
        "deactivated",
    ),
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
    registered_by="Papertrail Software Ltd",
    registered_at=back(days=41),
    verified=False,
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
        consent.ConsentScope("invoicing:write", "Create, send, void and delete invoices, quotes and billing items", "change", held="partly", reason=REASON),
        consent.ConsentScope("payments:write", "Record, refund and reconcile payments", "change", required=False, held="none", reason="Your role Bookkeeper does not include changing payments; an administrator can change that."),
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
        connections.ScopeToday("invoicing:write", "Create, send, void and delete invoices, quotes and billing items", "partly", REASON),
        connections.ScopeToday("banking:read", "See bank accounts and their transactions", "nothing", "Your role Bookkeeper does not include bank accounts; an administrator can change that."),
    ),
    approved_at=back(days=30),
    first_used_at=back(days=30),
    last_used_at=back(minutes=3),
)
PAUSED = replace(CARD, id="con_2", app="Northwind Inventory", registered_by="Northwind Traders", last_used_at=None, first_used_at=None, scopes=CARD.scopes[:1], paused_reason="Northwind Traders has deactivated this app. It can do nothing at present.")
ENDED = replace(CARD, id="con_3", app="Old Importer", ended_at=back(days=2), ended_by="you")
KEYS = (
    api_keys.KeyRow("Nightly export to the warehouse", "cst_key_0Qd3", "/settings/api-keys/key_1", ("invoice.read", "client.read", "report.read", "report.export", "payment.read"), "Ana Oliveira", back(days=80), back(hours=9), "203.0.113.7", NOW + timedelta(days=285), "active"),
    api_keys.KeyRow("Till", "cst_key_0Qa8", "/settings/api-keys/key_2", ("invoice.write",), "Bartholomäus von Hohenlohe-Langenburg", back(days=400), None, None, None, "active"),
    api_keys.KeyRow("Migration", "cst_key_0PxX", "/settings/api-keys/key_3", ("client.write",), "Ana Oliveira", back(days=500), back(days=420), "2001:db8::17", back(days=135), "expired"),
    api_keys.KeyRow("Laptop of Tom", "cst_key_0PyB", "/settings/api-keys/key_4", ("client.read",), "Tom Hill", back(days=200), back(days=190), "198.51.100.20", NOW + timedelta(days=165), "revoked"),
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
                reason="Your role Accountant does not include it." if f"{word}.{action}" in WITHHELD else None,
            )
            for action in actions
        ),
    )
    for resource, (word, actions) in RESOURCES.items()
)
KEY_NEW = api_keys.KeyNewPage(groups=GRID, name="Nightly export")
API_KEY = SECRET.replace("cst_sk_", "cst_key_")
EVENTS = (
    audit.AuditRow(back(minutes=3), "Ana Oliveira through Papertrail", "Refreshed its access", "Papertrail", "token.refreshed", "203.0.113.7"),
    audit.AuditRow(back(minutes=50), "Tom Hill", "Connected an app with invoicing:read and contacts:read", "ledgerly-cli", "connection.approved", "198.51.100.20"),
    audit.AuditRow(back(hours=5), "Operator deploy", "Changed the role of Ana Oliveira from Accountant to Bookkeeper", "Ana Oliveira", "member.roles_changed"),
    audit.AuditRow(back(days=2), "Ana Oliveira", "Disconnected an app", "Old Importer", "connection.ended", "2001:db8::17"),
)
HOSTILE = "Payp\u0430l \u202elatigid\u202c\u200b{{7*7}}${7*7}<%= 7*7 %><img src=x onerror=alert(1)>'\"" + "A" * 5000
INSTALL = "Connecting apps takes the permission oauth_app.install, which your role Expense submitter does not include. An administrator can change that."
ORGANISATIONS = (
    sign_in.OrganisationChoice("Hill & Sons Plumbing", "Bookkeeper", "/consent?request=req_1&organisation=org_1"),
    sign_in.OrganisationChoice("Riverside Community Garden", "Owner", "/consent?request=req_1&organisation=org_2"),
    sign_in.OrganisationChoice("Oliveira Consulting", "Expense submitter", "/consent?request=req_1&organisation=org_3", reason=INSTALL),
)
REGISTERED = apps.AppRegisteredPage("Papertrail", "confidential", CLIENT, SECRET, AUTHORIZE, "https://connect.ledgerly.example/oauth/token", "https://connect.ledgerly.example/.well-known/oauth-authorization-server")
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

_new, _keys, _mine = ("apps", ("Register app", None)), "api_keys", "connections"
SAMPLES = (
    Sample("sign-in", "sign_in", plain_frame("Sign in", signed_in=False), sign_in.SignInPage(app="Papertrail", next="/oauth/authorize?x=1")),
    Sample("sign-in-error", "sign_in", plain_frame("Sign in", signed_in=False), sign_in.SignInPage(email="ana@hill-and-sons.example", error="That e-mail address and password do not belong together. Try again."), 401),
    Sample("sign-in-throttled", "sign_in_throttled", plain_frame("Too many attempts", signed_in=False), sign_in.SignInThrottledPage(timedelta(minutes=4), "/oauth/authorize?x=1"), 429),
    Sample("choose-organisation", "choose_organisation", plain_frame("Choose an organisation"), sign_in.ChooseOrganisationPage(ORGANISATIONS, app="Papertrail")),
    Sample("consent", "consent", plain_frame("Connect Papertrail"), CONSENT),
    Sample("consent-difference", "consent", plain_frame("Connect Papertrail"), replace(CONSENT, verified=True, scopes=CONSENT.scopes[2:4], already_approved=("See your clients and vendors", "See your invoices, quotes and billing items"))),
    Sample("consent-loopback-refused", "consent", plain_frame("Connect ledgerly-cli"), replace(CONSENT, app="ledgerly-cli", loopback=True, redirect_host="127.0.0.1 (this computer)", refusal=INSTALL, choose_organisation_href=None)),
    Sample("consent-hostile", "consent", plain_frame("Connect an app"), replace(CONSENT, app=HOSTILE, registered_by=HOSTILE, scopes=(consent.ConsentScope("x:read", HOSTILE[:120], "view", reason=HOSTILE[:120]),))),
    Sample("authorize-problem", "authorize_problem", plain_frame("This app cannot be connected", signed_in=False), problem.AuthorizeProblemPage("redirect_uri_mismatch", "The redirect URI of the request is not one that the app registered.", "req_0Qf8GhT2", mismatch="Scheme and host match a registered address; the path ends in a slash, and the registered one does not.", received="https://app.papertrail.example/oauth/callback/", app="Papertrail"), 400),
    Sample("problem-403", "problem", settings_frame("You may not do this", "connections"), problem.missing_permission_problem("oauth_app.manage", title="register apps, and end any connection of the organisation", request_id="req_0Qf8GhT2"), 403),
    Sample("problem-404", "problem", plain_frame("Nothing here"), problem.plain_problem(404, request_id="req_0Qf8GhT2"), 404),
    Sample("problem-500", "problem", plain_frame("Something went wrong", signed_in=False), problem.plain_problem(500, request_id="req_0Qf8GhT2"), 500),
    Sample("apps", "apps", settings_frame("Connected apps", "apps"), apps.AppListPage(ROWS)),
    Sample("apps-empty", "apps", settings_frame("Connected apps", "apps"), apps.AppListPage(())),
    Sample("app-new", "app_new", settings_frame("Register app", *_new), apps.AppNewPage(replace(FORM, name="", redirect_uris="", type=None))),
    Sample("app-new-errors", "app_new", settings_frame("Register app", *_new), apps.AppNewPage(WRONG_FORM), 422),
    Sample("app-registered", "app_registered", settings_frame("Papertrail is registered", *_new), REGISTERED),
    Sample("app-registered-public", "app_registered", settings_frame("ledgerly-cli is registered", *_new), replace(REGISTERED, name="ledgerly-cli", type="public", client_secret=None)),
    Sample("app", "app", settings_frame("Papertrail", "apps", ("Papertrail", None), notice=Notice("Saved. The change holds already.")), replace(APP, redirect_test=apps.RedirectTest("https://app.papertrail.example/oauth/callback/", matches=False, explanation="Scheme, host and port match. The path does not: yours ends in a slash."))),
    Sample("app-deactivated", "app", settings_frame("Papertrail", "apps", ("Papertrail", None)), replace(APP, status="deactivated", type="public", secrets=(), errors=(FieldError("confirm_name", "That is not its name. Nothing was deleted."),)), 422),
    Sample("app-secret", "app_secret", settings_frame("A second secret", "apps", ("Papertrail", None)), apps.AppSecretPage("Papertrail", CLIENT, SECRET)),
    Sample("connections", "connections", settings_frame("My connections", _mine), connections.ConnectionsPage((CARD, PAUSED), (ENDED,), tuple(connections.KeyBeside(k.name, k.prefix, k.href, k.created_at, k.last_used_at, k.expires_at, k.status) for k in KEYS[:2]))),
    Sample("connections-empty", "connections", settings_frame("My connections", _mine), connections.ConnectionsPage(())),
    Sample("connection", "connection", settings_frame("Papertrail", _mine, ("Papertrail", None)), connections.ConnectionPage(CARD)),
    Sample("connection-ended", "connection", settings_frame("Old Importer", _mine, ("Old Importer", None), notice=Notice("Old Importer is disconnected.")), connections.ConnectionPage(ENDED)),
    Sample("all-connections", "all_connections", settings_frame("All connections", "all_connections"), ALL),
    Sample("all-connections-empty", "all_connections", settings_frame("All connections", "all_connections"), replace(ALL, connections=(), next_href=None)),
    Sample("api-keys", "api_keys", settings_frame("API keys", _keys), api_keys.KeyListPage(KEYS, may_create=True, of_everybody=True)),
    Sample("api-keys-empty", "api_keys", settings_frame("API keys", _keys), api_keys.KeyListPage((), may_create=True)),
    Sample("api-key-new", "api_key_new", settings_frame("Create API key", _keys, ("Create API key", None)), KEY_NEW),
    Sample("api-key-new-errors", "api_key_new", settings_frame("Create API key", _keys, ("Create API key", None)), replace(KEY_NEW, name="", expires="on", expires_on="2020-01-01", addresses="203.0.113.7\n300.1.1.1", errors=(FieldError("name", "Give the key a name."), FieldError("permissions", "Tick at least one permission."), FieldError("expires_on", "Choose a date in the future."), FieldError("addresses", "This is neither an IP address nor a CIDR block.", 2, "300.1.1.1"))), 422),
    Sample("api-key-shown", "api_key_shown", settings_frame("Your key", _keys, ("Nightly export", None)), api_keys.KeyShownPage("Nightly export", API_KEY, "/settings/api-keys/key_1", NOW + timedelta(days=365), "https://api.ledgerly.example/invoices", NOW + timedelta(days=1))),
    Sample("api-key", "api_key", settings_frame("Nightly export", _keys, ("Nightly export", None)), api_keys.KeyPage(KEYS[0], GRID[:5], "Nightly export", "203.0.113.7")),
    Sample("api-key-revoked", "api_key", settings_frame("Laptop of Tom", _keys, ("Laptop of Tom", None)), api_keys.KeyPage(KEYS[3], (), "Laptop of Tom", "", may_edit=False, ended_at=back(days=3), ended_by="Ana Oliveira")),
    Sample("audit", "audit", settings_frame("Audit", "audit"), audit.AuditPage(EVENTS, "/settings/audit?before=evt_1")),
    Sample("audit-empty", "audit", settings_frame("Audit", "audit"), audit.AuditPage(())),
)  # fmt: skip
