"""A realistic sample of every page: an accounting product, its people, its apps. For the tests and for `scripts/preview`."""

from dataclasses import dataclass, replace
from datetime import timedelta

import access_samples
import device_samples
from markupsafe import Markup
from sample_views import (
    ACTING,
    ALL,
    API_KEY,
    APP,
    CARD,
    CLIENT,
    CONSENT,
    ENDED,
    EVENTS,
    FORM,
    GRID,
    HOSTILE,
    INSTALL,
    KEY_NEW,
    KEYS,
    NOW,
    ORGANISATIONS,
    PAUSED,
    REFERENCE,
    REGISTERED,
    ROWS,
    SECRET,
    STRANGER_CARD,
    WRONG_FORM,
    WRONG_PROTOCOL,
    back,
)

from consentry.model.catalog import parse_catalog
from consentry.web import references
from consentry.web.views import api_keys, apps, audit, connections, consent, problem, sign_in
from consentry.web.views.form import FieldError
from consentry.web.views.frame import Crumb, Frame, Notice, Person, SettingsSection, settings_navigation
from consentry.web.views.provenance import Provenance
from small_world import SMALL_CATALOG

EVERYTHING = {"oauth_app.manage", "api_key.create", "api_key.manage", "audit.read"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One page to render: a name of its own, the template, the frame, the view, the status."""

    name: str
    template: str
    frame: Frame
    view: object
    status: int = 200


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
        "access": ("Access", "/settings/access"),
        "audit": ("Audit", "/settings/audit"),
    }
    trail = (
        [("Settings", "/settings"), labels[section], *crumbs]
        if crumbs
        else [("Settings", "/settings"), (labels[section][0], None)]
    )
    return replace(
        plain_frame(title),
        organisation="Hill & Sons Plumbing",
        switch_href=switch_href,
        navigation=settings_navigation(section, permissions=EVERYTHING),
        breadcrumb=tuple(Crumb(label, href) for label, href in trail),
        notice=notice,
    )


_new, _keys, _mine = ("apps", ("Register app", None)), "api_keys", "connections"
SAMPLES = (
    Sample("sign-in", "sign_in", plain_frame("Sign in", signed_in=False), sign_in.SignInPage(app="Papertrail", next="/oauth/authorize?x=1")),
    Sample("sign-in-for-stranger", "sign_in", plain_frame("Sign in", signed_in=False), sign_in.SignInPage(app="Assistant", next="/oauth/authorize?x=1", provenance=device_samples.VOUCHED)),
    Sample("sign-in-error", "sign_in", plain_frame("Sign in", signed_in=False), sign_in.SignInPage(email="ana@hill-and-sons.example", error="That e-mail address and password do not belong together. Try again."), 401),
    Sample("sign-in-throttled", "sign_in_throttled", plain_frame("Too many attempts", signed_in=False), sign_in.SignInThrottledPage(timedelta(minutes=4), "/oauth/authorize?x=1"), 429),
    Sample("form-post", "form_post", plain_frame("Back to Papertrail", signed_in=False), sign_in.FormPostPage("Papertrail", "app.papertrail.example", "https://app.papertrail.example/oauth/callback", (("code", Markup("c")), ("state", Markup("s"))))),
    Sample("sign-out", "sign_out", plain_frame("Sign out"), sign_in.SignOutPage(app="Papertrail")),
    Sample("sign-out-for-stranger", "sign_out", plain_frame("Sign out"), sign_in.SignOutPage(app="Assistant", provenance=device_samples.STRANGER)),
    Sample("sign-out-faulty", "sign_out", plain_frame("Sign out"), sign_in.SignOutPage(fault="The app asked to send you to an address that is not registered for it."), 400),
    Sample("signed-out", "signed_out", plain_frame("You are signed out", signed_in=False), sign_in.SignedOutPage()),
    Sample("signed-out-faulty", "signed_out", plain_frame("You are signed out", signed_in=False), sign_in.SignedOutPage("The app sent an id_token_hint that was not issued here, or is too old to be known."), 400),
    Sample("choose-organisation", "choose_organisation", plain_frame("Choose an organisation"), sign_in.ChooseOrganisationPage(ORGANISATIONS, app="Papertrail")),
    Sample("choose-organisation-for-stranger", "choose_organisation", plain_frame("Choose an organisation"), sign_in.ChooseOrganisationPage(ORGANISATIONS, app="Assistant", provenance=device_samples.STRANGER)),
    Sample("consent", "consent", plain_frame("Connect Papertrail"), CONSENT),
    Sample("consent-difference", "consent", plain_frame("Connect Papertrail"), replace(CONSENT, provenance=replace(CONSENT.provenance, verified=True), scopes=CONSENT.scopes[2:4], already_approved=("See your clients and vendors", "See your invoices, quotes and billing items"))),
    Sample("consent-loopback-refused", "consent", plain_frame("Connect ledgerly-cli"), replace(CONSENT, app="ledgerly-cli", loopback=True, redirect_host="127.0.0.1 (this computer)", refusal=INSTALL, choose_organisation_href=None)),
    Sample("consent-vouched-for", "consent", plain_frame("Connect Assistant"), replace(CONSENT, app="Assistant", provenance=device_samples.VOUCHED, redirect_host="assistant.example")),
    Sample("consent-registered-itself", "consent", plain_frame("Connect Editor"), replace(CONSENT, app="Editor", provenance=device_samples.STRANGER, redirect_host="cursor:", loopback=True)),
    Sample("consent-hostile", "consent", plain_frame("Connect an app"), replace(CONSENT, app=HOSTILE, provenance=Provenance(NOW, HOSTILE), scopes=(consent.ConsentScope("x:read", HOSTILE[:120], "view", reason=HOSTILE[:120]),))),
    Sample("device-code", "device_code", plain_frame("Connect a device"), device_samples.EMPTY),
    Sample("device-code-filled", "device_code", plain_frame("Connect a device"), device_samples.FILLED),
    Sample("device-code-wrong", "device_code", plain_frame("Connect a device"), device_samples.WRONG, 400),
    Sample("device-code-paused", "device_code", plain_frame("Connect a device"), device_samples.PAUSED, 429),
    Sample("device-confirm", "device_confirm", plain_frame("Compare the code"), device_samples.CONFIRM),
    Sample("device-confirm-long", "device_confirm", plain_frame("Compare the code"), device_samples.LONG),
    Sample("device-confirm-self-registered", "device_confirm", plain_frame("Compare the code"), device_samples.SELF_REGISTERED),
    Sample("device-confirm-vouched-for", "device_confirm", plain_frame("Compare the code"), device_samples.VOUCHED_FOR),
    Sample("device-consent", "consent", plain_frame("Connect Papertrail"), device_samples.ASKS),
    Sample("device-consent-of-stranger", "consent", plain_frame("Connect Assistant"), device_samples.STRANGER_ASKS),
    Sample("device-connected", "device_done", plain_frame("Your device is connected"), device_samples.CONNECTED),
    Sample("device-stopped", "device_done", plain_frame("Nothing was connected"), device_samples.STOPPED),
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
    Sample("app-protocol", "app", settings_frame("Papertrail", "apps", ("Papertrail", None)), replace(APP, protocol=WRONG_PROTOCOL, acting=ACTING), 400),
    Sample("app-secret", "app_secret", settings_frame("A second secret", "apps", ("Papertrail", None)), apps.AppSecretPage("Papertrail", CLIENT, SECRET)),
    Sample("connections", "connections", settings_frame("My connections", _mine), connections.ConnectionsPage((CARD, STRANGER_CARD, PAUSED), (ENDED,), tuple(connections.KeyBeside(k.name, k.prefix, k.href, k.created_at, k.last_used_at, k.expires_at, k.status) for k in KEYS[:2]))),
    Sample("connections-empty", "connections", settings_frame("My connections", _mine), connections.ConnectionsPage(())),
    Sample("connection", "connection", settings_frame("Papertrail", _mine, ("Papertrail", None)), connections.ConnectionPage(CARD)),
    Sample("connection-ended", "connection", settings_frame("Old Importer", _mine, ("Old Importer", None), notice=Notice("Old Importer is disconnected.")), connections.ConnectionPage(ENDED)),
    Sample("all-connections", "all_connections", settings_frame("All connections", "all_connections"), ALL),
    Sample("all-connections-unverified-allowed", "all_connections", settings_frame("All connections", "all_connections"), replace(ALL, unverified_apps="allowed")),
    Sample("all-connections-unverified-refused", "all_connections", settings_frame("All connections", "all_connections"), replace(ALL, unverified_apps="refused")),
    Sample("all-connections-empty", "all_connections", settings_frame("All connections", "all_connections"), replace(ALL, connections=(), next_href=None)),
    Sample("api-keys", "api_keys", settings_frame("API keys", _keys), api_keys.KeyListPage(KEYS, may_create=True, of_everybody=True)),
    Sample("api-keys-empty", "api_keys", settings_frame("API keys", _keys), api_keys.KeyListPage((), may_create=True)),
    Sample("api-key-new", "api_key_new", settings_frame("Create API key", _keys, ("Create API key", None)), KEY_NEW),
    Sample("api-key-new-errors", "api_key_new", settings_frame("Create API key", _keys, ("Create API key", None)), replace(KEY_NEW, name="", expires="on", expires_on="2020-01-01", addresses="203.0.113.7\n300.1.1.1", errors=(FieldError("name", "Give the key a name."), FieldError("permissions", "Tick at least one permission."), FieldError("expires_on", "Choose a date in the future."), FieldError("addresses", "This is neither an IP address nor a CIDR block.", 2, "300.1.1.1"))), 422),
    Sample("api-key-shown", "api_key_shown", settings_frame("Your key", _keys, ("Nightly export", None)), api_keys.KeyShownPage("Nightly export", API_KEY, "/settings/api-keys/key_1", NOW + timedelta(days=365), "https://api.ledgerly.example/invoices", NOW + timedelta(days=1))),
    Sample("api-key", "api_key", settings_frame("Nightly export", _keys, ("Nightly export", None)), api_keys.KeyPage(KEYS[0], GRID[:5], "Nightly export", "203.0.113.7")),
    Sample("api-key-revoked", "api_key", settings_frame("Laptop of Tom", _keys, ("Laptop of Tom", None)), api_keys.KeyPage(KEYS[3], (), "Laptop of Tom", "", may_edit=False, ended_at=back(days=3), ended_by="Ana Oliveira")),
    Sample("error-reference", "error_reference", plain_frame("Error codes", signed_in=False), references.ERROR_PAGE),
    Sample(
        "scope-reference",
        "scope_reference",
        plain_frame("Scopes and permissions", signed_in=False),
        references.scope_page(parse_catalog(SMALL_CATALOG)),
    ),
    Sample("api-reference", "api_reference", plain_frame("Management API", signed_in=False), REFERENCE),
    Sample("access", "access", settings_frame("Access", "access"), access_samples.FORM),
    Sample("access-explained", "access", settings_frame("Access", "access"), access_samples.EXPLAINED),
    Sample("access-revoked", "access", settings_frame("Access", "access"), access_samples.REVOKED),
    Sample("access-errors", "access", settings_frame("Access", "access"), access_samples.WRONG, 404),
    Sample("access-who-can", "access_who_can", settings_frame("Who can", "access"), access_samples.WHO_CAN),
    Sample("access-who-can-form", "access_who_can", settings_frame("Who can", "access"), access_samples.WHO_CAN_FORM),
    Sample("access-what-if", "access_what_if", settings_frame("What if", "access"), access_samples.WHAT_IF),
    Sample("access-what-if-errors", "access_what_if", settings_frame("What if", "access"), access_samples.WHAT_IF_WRONG, 400),
    Sample("audit", "audit", settings_frame("Audit", "audit"), audit.AuditPage(EVENTS, "/settings/audit?before=evt_1")),
    Sample("audit-empty", "audit", settings_frame("Audit", "audit"), audit.AuditPage(())),
)  # fmt: skip
