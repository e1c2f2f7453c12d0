"""Reports: what is owed, paid and spent, as JSON or as a CSV file; and whose books these are."""

import csv
import io
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, transaction
from consentry.demo.product.fields import Record

_SUMMARY = """
SELECT
    (SELECT COUNT(*) FROM invoices WHERE organisation_id = ?1 AND status = 'sent') AS open_invoices,
    (SELECT COALESCE(SUM(amount), 0) FROM invoices WHERE organisation_id = ?1 AND status = 'sent') AS invoiced,
    (SELECT COALESCE(SUM(amount), 0) FROM payments WHERE organisation_id = ?1) AS received,
    (SELECT COALESCE(SUM(amount), 0) FROM expenses WHERE organisation_id = ?1) AS spent
"""


class Summary(Record):
    """The state of the books, in pence."""

    open_invoices: int
    invoiced: int
    received: int
    spent: int


class Company(Record):
    """Whose books these are."""

    name: str
    currency: str


def report_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/reports`, and `/company`."""
    router = APIRouter(tags=["Reports"])

    @router.get("/company", summary="See the company's details")
    def get_company(access: Annotated[Access, Depends(require("company.read"))]) -> Company:
        with transaction(database) as db:
            row = db.execute(
                "SELECT name, currency FROM companies WHERE organisation_id = ?", (access.organisation_id,)
            ).fetchone()
        return Company(**dict(found(row, "company")))

    @router.get("/reports/summary", summary="See the state of the books")
    def get_summary(access: Annotated[Access, Depends(require("report.read"))]) -> Summary:
        return _summary(database, access.organisation_id)

    @router.get("/reports/summary.csv", summary="Export the state of the books", response_class=Response)
    def export_summary(access: Annotated[Access, Depends(require("report.export"))]) -> Response:
        text = io.StringIO()
        csv.writer(text).writerows([("item", "value"), *_summary(database, access.organisation_id)])
        return Response(
            text.getvalue(),
            media_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="summary.csv"'},
        )

    return router


def _summary(database: Path, organisation_id: str) -> Summary:
    with transaction(database) as db:
        row = db.execute(_SUMMARY, (organisation_id,)).fetchone()
    return Summary(**dict(row))
