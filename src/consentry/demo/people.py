"""The sample world: organisations, the people in them, and the apps that two of them registered.

Data only; the demo loads it through the same flows that a real operator uses. The passwords are printed on the
terminal when the demo starts, so they are no secrets.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SampleOrganisation:
    """An organisation, known by a short key within this file."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class SampleMembership:
    """Where a person is a member, and with which of the catalog's roles."""

    organisation: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """A person who can sign in, and what there is to try as this person."""

    email: str
    name: str
    password: str
    memberships: tuple[SampleMembership, ...]
    worth_trying: str


@dataclass(frozen=True, slots=True)
class SampleApp:
    """An app that is registered before the demo starts.

    `redirect_uri` is complete, or starts with `{own_url}`, which stands for the address that the app is served at.
    """

    key: str
    name: str
    is_confidential: bool
    organisation: str
    registered_by: str
    redirect_uri: str
    required_scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Everything that the app asks for."""
        return self.required_scopes + self.optional_scopes

    def redirect_uri_at(self, own_url: str) -> str:
        """Return the redirect URI to register while the app is served at `own_url`."""
        return self.redirect_uri.replace("{own_url}", own_url.rstrip("/"))


HARBOUR = SampleOrganisation("harbour", "Harbour Books Ltd")
NORTHMOOR = SampleOrganisation("northmoor", "Northmoor Traders")

ORGANISATIONS: tuple[SampleOrganisation, ...] = (HARBOUR, NORTHMOOR)

PEOPLE: tuple[SamplePerson, ...] = (
    SamplePerson(
        "ana@harbour.example",
        "Ana Whitcombe",
        "lantern-on-the-quay",
        (SampleMembership(HARBOUR.key, ("owner",)),),
        "may do everything at Harbour Books",
    ),
    SamplePerson(
        "ben@harbour.example",
        "Ben Okafor",
        "seven-brass-bells",
        (SampleMembership(HARBOUR.key, ("admin",)),),
        "registers apps; sees and ends every connection of Harbour Books",
    ),
    SamplePerson(
        "carla@northmoor.example",
        "Carla Mendes",
        "paper-boats-afloat",
        (SampleMembership(NORTHMOOR.key, ("bookkeeper",)),),
        "connects an app, and is told what the role Bookkeeper does not include",
    ),
    SamplePerson(
        "dilip@tidewater.example",
        "Dilip Rao",
        "two-sets-of-ledgers",
        (SampleMembership(HARBOUR.key, ("accountant",)), SampleMembership(NORTHMOOR.key, ("accountant",))),
        "works for both organisations, so chooses one when connecting an app",
    ),
    SamplePerson(
        "ewa@northmoor.example",
        "Ewa Lis",
        "moor-heather-honey",
        (SampleMembership(NORTHMOOR.key, ("owner",)),),
        "may do everything at Northmoor Traders; can end Carla's connections",
    ),
    SamplePerson(
        "felix@northmoor.example",
        "Felix Grant",
        "receipts-in-a-tin",
        (SampleMembership(NORTHMOOR.key, ("expense_submitter",)),),
        "may connect apps, but can see no invoices, so neither can the app",
    ),
    SamplePerson(
        "hana@harbour.example",
        "Hana Sato",
        "window-seat-view",
        (SampleMembership(HARBOUR.key, ("read_only",)),),
        "may not connect apps, and is told why",
    ),
)

WEB_APP = SampleApp(
    key="web",
    name="Paperlark",
    is_confidential=True,
    organisation=HARBOUR.key,
    registered_by="ben@harbour.example",
    redirect_uri="{own_url}/callback",
    required_scopes=("contacts:read", "invoicing:read"),
    optional_scopes=("invoicing:write", "reports:read"),
)

COMMAND_LINE_APP = SampleApp(
    key="command_line",
    name="Ledgerline",
    is_confidential=False,
    organisation=HARBOUR.key,
    registered_by="ben@harbour.example",
    # Without a port: a native app listens on whichever is free (RFC 8252 §7.3).
    redirect_uri="http://127.0.0.1/callback",
    required_scopes=("invoicing:read",),
    optional_scopes=("contacts:read",),
)

APPS: tuple[SampleApp, ...] = (WEB_APP, COMMAND_LINE_APP)
