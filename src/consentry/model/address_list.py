"""Lists of addresses that an administrator enters: each must be one that browsers may be sent to, and be there once."""

from collections.abc import Iterator, Sequence

from consentry.model.faults import Fault
from consentry.oauth.redirect_uri import find_fault


def find_address_faults(field: str, uris: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with each address of the list, under its place: `redirect_uris.2`."""
    seen: set[str] = set()
    for number, uri in enumerate(uris):
        sentence = find_fault(uri)
        if sentence is None and uri in seen:
            sentence = "This address is in the list twice. Remove one."
        if sentence is not None:
            yield Fault(f"{field}.{number}", sentence)
        seen.add(uri)
