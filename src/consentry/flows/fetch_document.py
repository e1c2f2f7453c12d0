"""Documents of others: fetched safely, kept for as long as their servers say within bounds, asked for rarely.

A failure is never kept as if it were an answer (threats SS-08), but the same address is not tried again at once:
whoever knows the client ID of an app could otherwise use this server to flood the app's.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consentry.log import Log
from consentry.model.fetched_document import freshness
from consentry.ports.fetched_documents import FetchedDocumentStore, KeptDocument
from consentry.ports.outbound import FetchedDocument, Outbound, OutboundError
from consentry.ports.world import Clock

PAUSE = timedelta(seconds=15)
"""The least time between two fetches of one address by one process, after a failure and where freshness is asked."""

_log = Log(__name__)
_OK, _NOT_MODIFIED = 200, 304
_REMEMBERED_MOST = 4096


@dataclass(frozen=True, slots=True)
class FetchDocument:
    """Finds the text of JSON documents at https addresses."""

    store: FetchedDocumentStore
    outbound: Outbound
    clock: Clock
    _tried: dict[str, datetime] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def find(self, url: str, *, accept: str, most_bytes: int, anew: bool = False) -> str | None:
        """Return the document, or None where there is none to be had now.

        `anew` asks for it again although it is still good, and has what was kept where it was fetched a moment ago.
        """
        now = self.clock.now()
        kept = await self.store.find(url)
        if kept is not None and now < kept.expires_at and not (anew and now >= kept.fetched_at + PAUSE):
            return kept.body
        tried = self._tried.get(url)
        if tried is not None and now < tried + PAUSE:
            return kept.body if kept is not None and now < kept.expires_at else None
        self._remember(url, now)
        try:
            fetched = await self.fetch(url, accept=accept, most_bytes=most_bytes, kept=kept)
        except OutboundError as fault:
            _log.warning("document_not_fetched", reason=str(fault))
            # Still good by its own server's word, and only asked for anew.
            return kept.body if kept is not None and now < kept.expires_at else None
        await self.store.keep(fetched)
        return fetched.body

    async def fetch(self, url: str, *, accept: str, most_bytes: int, kept: KeptDocument | None) -> KeptDocument:
        """Return the document as it is now, unkept; `kept` is how it was. Raises OutboundError, with the reason."""
        known = {} if kept is None or kept.etag is None else {"if-none-match": kept.etag}
        answer = await self.outbound.fetch(url, accept=accept, most_bytes=most_bytes, headers=known)
        body, now = _body_of(answer, kept), self.clock.now()
        if body is None:
            raise OutboundError(f"It was answered with status {answer.status}, or is no JSON.")
        etag = answer.headers.get("etag") or (kept.etag if kept is not None and not answer.body else None)
        return KeptDocument(url, body, etag, now, now + freshness(answer.headers))

    def _remember(self, url: str, now: datetime) -> None:
        if len(self._tried) >= _REMEMBERED_MOST:
            self._tried.clear()
        self._tried[url] = now


def _body_of(answer: FetchedDocument, kept: KeptDocument | None) -> str | None:
    if answer.status == _NOT_MODIFIED and kept is not None:
        return kept.body
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status != _OK or not (media_type == "application/json" or media_type.endswith("+json")):
        return None
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return None
    # PostgreSQL keeps no such character, and JSON has none outside of escapes.
    return None if "\0" in text else text
