"""An MCP server of the sample accounting product, guarded by Consentry. Run it beside `consentry demo`.

An assistant that is given this server's address connects by itself: it finds Consentry, registers, and asks the user.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from books import Books, NotPossibleError
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from consentry.guard import Access, Guard, ProtectedResource
from consentry.guard.mcp import McpGuard
from consentry.guard.starlette import access_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

NEEDS = {
    "list_invoices": "invoice.read",
    "list_contacts": "client.read",
    "draft_invoice": ("invoice.write", "client.read"),
    "void_invoice": "invoice.void",
}
"""What each tool needs. A tool that is not listed here cannot be called."""

FIRST_SCOPES = ("invoicing:read",)
"""What an assistant asks for when it connects. For more it comes back when a tool needs more."""

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_DESTROYS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def build_server(books: Books) -> MCPServer:
    """Return the tools over the books. Who calls stands in the request, where the guard has put it."""
    server = MCPServer("tallybook", title="Tallybook", instructions="Sums of money are in pence.")

    @server.tool(title="List invoices", annotations=_READS)
    def list_invoices(ctx: Context[Any, Any], status: str | None = None) -> list[dict[str, Any]]:
        """List the invoices, the newest first: all, or those that are draft, sent, paid or void."""
        return books.invoices(_caller(ctx).organisation_id, status)

    @server.tool(title="List contacts", annotations=_READS)
    def list_contacts(ctx: Context[Any, Any]) -> list[dict[str, Any]]:
        """List the customers with their identifiers."""
        return books.contacts(_caller(ctx).organisation_id)

    @server.tool(title="Draft an invoice", annotations=_ADDS)
    def draft_invoice(ctx: Context[Any, Any], contact_id: str, description: str, amount: int) -> str:
        """Write a draft invoice for a contact. Nothing is sent. The amount is in pence."""
        caller = _caller(ctx)
        try:
            return books.draft_invoice(caller.organisation_id, caller.user_id, contact_id, description, amount)
        except NotPossibleError as fault:
            raise ToolError(str(fault)) from fault

    @server.tool(title="Void an invoice", annotations=_DESTROYS)
    def void_invoice(ctx: Context[Any, Any], number: str) -> str:
        """Void a sent invoice for good, by its number."""
        try:
            books.void_invoice(_caller(ctx).organisation_id, number)
        except NotPossibleError as fault:
            raise ToolError(str(fault)) from fault
        return f"{number} is void."

    return server


def build_app(server: MCPServer, guard: Guard) -> ASGIApp:
    """Return the server over HTTP behind the guard. Without sessions, every message stands on its own check."""
    return McpGuard(server.streamable_http_app(stateless_http=True, json_response=True), guard, tools=NEEDS)


def _caller(ctx: Context[Any, Any]) -> Access:
    return access_of(ctx.request_context.request)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(".demo/consentry.toml"))
    parser.add_argument("--port", type=int, default=8410)
    given = parser.parse_args()
    address = f"http://localhost:{given.port}/mcp"
    resource = ProtectedResource(address, scopes=FIRST_SCOPES, name="Tallybook")
    guard = Guard.from_config(given.config, resource=resource)
    books = Books(given.config.parent / "product.sqlite3")
    print(f"Give this address to an assistant: {address}", flush=True)  # noqa: T201 - the one thing to know
    uvicorn.run(build_app(build_server(books), guard), port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
