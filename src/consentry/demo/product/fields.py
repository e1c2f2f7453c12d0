"""The kinds of values that the product's records are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""One line of text."""

Pence = Annotated[int, Field(ge=1, le=10_000_000_000, description="in pence")]
"""A sum of money, in pence."""

InvoiceStatus = Literal["draft", "sent", "paid", "void"]
QuoteStatus = Literal["draft", "sent", "accepted"]
ExpenseStatus = Literal["draft", "submitted", "approved"]


class Record(BaseModel):
    """What every record of the product's API has in common: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
