"""What the deeds need of the network outside: fetching a document that a stranger named, and telling one something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class OutboundError(Exception):
    """The address may not be called, or did not answer as it must. The message is a sentence for a developer."""


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """An answer in full. Header names are in lower case; of a repeated header the last value is kept."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Outbound(Protocol):
    """Calls addresses that others chose, so that nothing but the public internet is ever reached (threats §8)."""

    async def fetch(
        self, url: str, *, accept: str, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> FetchedDocument:
        """Return what a GET of the https address answers, whatever its status. Redirects are not followed.

        Raises OutboundError: the address is not public, takes too long, or answers more than `most_bytes`.
        """
        ...

    async def post_form(self, url: str, form: Mapping[str, str]) -> int:
        """Post a form to the https address and return the status of the answer, whose body is not read.

        Raises OutboundError.
        """
        ...
