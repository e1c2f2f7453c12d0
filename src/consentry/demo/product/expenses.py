"""Expenses: what members spent, submitted for approval."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from consentry.demo.product.access import Access, Require
from consentry.demo.product.database import found, new_id, transaction
from consentry.demo.product.fields import ExpenseStatus, Line, Pence, Record

_ALL = """
SELECT id, description, amount, spent_on, status FROM expenses WHERE organisation_id = ? ORDER BY spent_on DESC, id
"""
_ONE = "SELECT id, description, amount, spent_on, status FROM expenses WHERE organisation_id = ? AND id = ?"
_NEXT: dict[str, ExpenseStatus] = {"draft": "submitted", "submitted": "approved"}


class ExpenseInput(Record):
    """A new expense, as a caller describes it."""

    description: Line
    amount: Pence
    spent_on: date


class Expense(ExpenseInput):
    """An expense."""

    id: str
    status: ExpenseStatus


class Expenses(Record):
    """An organisation's expenses, the newest first."""

    expenses: list[Expense]


def expense_routes(require: Require, database: Path) -> APIRouter:
    """Return the routes under `/expenses`."""
    router = APIRouter(prefix="/expenses", tags=["Expenses"])

    @router.get("", summary="List expenses")
    def list_expenses(access: Annotated[Access, Depends(require("expense.read"))]) -> Expenses:
        with transaction(database) as db:
            rows = db.execute(_ALL, (access.organisation_id,)).fetchall()
        return Expenses(expenses=[Expense(**dict(row)) for row in rows])

    @router.post("", status_code=201, summary="Create an expense")
    def create_expense(given: ExpenseInput, access: Annotated[Access, Depends(require("expense.write"))]) -> Expense:
        expense = Expense(id=new_id("exp"), status="draft", **given.model_dump())
        with transaction(database) as db:
            db.execute(
                "INSERT INTO expenses (id, organisation_id, description, amount, spent_on, status, created_by)"
                " VALUES (?, ?, ?, ?, ?, 'draft', ?)",
                (
                    *(expense.id, access.organisation_id, expense.description, expense.amount),
                    *(expense.spent_on.isoformat(), access.user_id),
                ),
            )
        return expense

    @router.post("/{expense_id}/submit", summary="Submit an expense for approval")
    def submit_expense(expense_id: str, access: Annotated[Access, Depends(require("expense.submit"))]) -> Expense:
        return _move_on(database, access.organisation_id, expense_id, "draft")

    @router.post("/{expense_id}/approve", summary="Approve an expense")
    def approve_expense(expense_id: str, access: Annotated[Access, Depends(require("expense.approve"))]) -> Expense:
        return _move_on(database, access.organisation_id, expense_id, "submitted")

    return router


def _move_on(database: Path, organisation_id: str, expense_id: str, status: str) -> Expense:
    with transaction(database) as db:
        db.execute("BEGIN IMMEDIATE")
        row = found(db.execute(_ONE, (organisation_id, expense_id)).fetchone(), "expense")
        if row["status"] != status:
            raise HTTPException(
                409, f"This expense is {row['status']}; only a {status} one can become {_NEXT[status]}."
            )
        db.execute("UPDATE expenses SET status = ? WHERE id = ?", (_NEXT[status], expense_id))
        return Expense(**dict(db.execute(_ONE, (organisation_id, expense_id)).fetchone()))
