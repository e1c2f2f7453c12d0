"""The catalog and the clock of the tests. Imported from here, because several folders have a conftest of their own."""

from datetime import UTC, datetime, timedelta

from consentry.model.micros import to_micros

SMALL_CATALOG = """
[permissions]
"invoice.read" = "See invoices"
"invoice.write" = "Create and edit invoices"
"invoice.send" = "Send invoices"
"client.read" = "See contacts"
"client.write" = "Create and edit contacts"
"payment_instruction.write" = { title = "Change where money is paid", sensitive = true }

[scopes."invoicing:read"]
title = "See your invoices"
permissions = ["invoice.read"]

[scopes."invoicing:write"]
title = "Create, edit and send your invoices"
permissions = ["invoice.write", "invoice.send"]
implies = ["invoicing:read"]

[scopes."contacts:read"]
title = "See your contacts"
permissions = ["client.read"]

[scopes."contacts:write"]
title = "Create and edit your contacts"
permissions = ["client.write"]
implies = ["contacts:read"]

[roles.owner]
title = "Owner"
permissions = ["*"]

[roles.bookkeeper]
title = "Bookkeeper"
permissions = ["invoice.read", "invoice.write", "client.read", "oauth_app.install", "api_key.create"]

[roles.reader]
title = "Read-only"
permissions = ["invoice.read", "client.read"]
"""


class FixedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.present = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    def micros(self) -> int:
        return to_micros(self.present)

    def pass_time(self, span: timedelta) -> None:
        self.present += span
