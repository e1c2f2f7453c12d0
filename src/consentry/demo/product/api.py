"""The accounting API: its routes, each behind one fine-grained permission."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from consentry.demo.product.access import Require
from consentry.demo.product.contacts import contact_routes
from consentry.demo.product.database import create_tables
from consentry.demo.product.expenses import expense_routes
from consentry.demo.product.invoices import invoice_routes
from consentry.demo.product.payments import payment_routes
from consentry.demo.product.quotes import quote_routes
from consentry.demo.product.reports import report_routes


def build_product(require: Require, database: Path) -> FastAPI:
    """Return the API over `database`, which is created where it is missing.

    `require("invoice.read")` must return a FastAPI dependency that yields an `Access`, or refuses the call.
    """
    create_tables(database)
    product = FastAPI(
        title="Sample accounting API",
        version="1",
        description="Sums of money are in pence.",
        # Its pages would load their scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    for routes in (contact_routes, invoice_routes, quote_routes, expense_routes, payment_routes, report_routes):
        product.include_router(routes(require, database))
    product.add_exception_handler(RequestValidationError, _explain_input)

    @product.get("/", include_in_schema=False)
    def welcome() -> dict[str, str]:
        return {"name": "Sample accounting API", "documentation": "/openapi.json"}

    return product


async def _explain_input(_request: Request, fault: Exception) -> JSONResponse:
    """Say what is wrong with the input without repeating it: it may hold text that cannot be encoded."""
    faults = fault.errors() if isinstance(fault, RequestValidationError) else ()
    explained = [{"where": "/".join(str(part) for part in one["loc"]), "message": str(one["msg"])} for one in faults]
    return JSONResponse({"detail": "Some of the input is not right.", "errors": explained}, status_code=422)
