"""Lists of the management API: `?limit=1..200&after=<id>` in, `{"data": […], "next": <id> or null}` out."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
"""Of what Consentry names itself."""

ANY_ID_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]{1,255}$"
"""Of a user or an organisation, which the product may have named: any text in which every character can be seen.

U+FFFD stands in an address for what was no UTF-8.
"""

CLIENT_ID_PATTERN = r"^([A-Za-z0-9_-]{1,64}|https://[!-~]{1,1000})$"
"""What a client ID is: an identifier, or the address of a document (oauth/document_address.py)."""

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str | None, Query(pattern=ID_PATTERN, description="The `next` of the page before.")]
AfterAnyId = Annotated[str | None, Query(pattern=ANY_ID_PATTERN, description="The `next` of the page before.")]
AfterClient = Annotated[str | None, Query(pattern=CLIENT_ID_PATTERN, description="The `next` of the page before.")]


class Body(BaseModel):
    """A request body: unknown fields are refused, and nothing is turned into what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Page(BaseModel, Generic[A]):
    """A page of a list; `next` is what to send as `after` for the page that follows."""

    data: list[A]
    next: str | None


def page_of(found: Sequence[T], limit: int, answer: Callable[[T], A], key: Callable[[T], str]) -> Page[A]:
    """Return a page of the first `limit` things of `found`, which was asked for one more than that."""
    shown = found[:limit]
    return Page(data=[answer(one) for one in shown], next=key(shown[-1]) if len(found) > limit else None)
