"""A posted form is read once, within limits."""

from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Scope

from consentry.web.form_body import BodyTooLargeError, ClientGoneError, UnsupportedMediaTypeError, read_form

FORM = b"application/x-www-form-urlencoded"


def posted(content_type: bytes | None = FORM, length: bytes | None = None) -> Scope:
    headers = [] if content_type is None else [(b"content-type", content_type)]
    return {"type": "http", "headers": headers if length is None else [*headers, (b"content-length", length)]}


class Body:
    """Sends the chunks one by one and counts how many were taken."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.taken = 0

    async def __call__(self) -> Message:
        self.taken += 1
        if not self.chunks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.chunks.pop(0), "more_body": bool(self.chunks)}


async def test_a_form_in_several_chunks_is_one_form() -> None:
    form = await read_form(posted(FORM + b"; charset=UTF-8"), Body(b"scope=a", b"&scope=b&na", b"me=%C3%A9"))
    assert form.all("scope") == ("a", "b")
    assert form.one("name") == "é"


@pytest.mark.parametrize(
    "content_type", [None, b"", b"application/json", b"multipart/form-data; boundary=x", b"text/plain"]
)
async def test_a_body_that_is_no_form_is_refused_unread(content_type: bytes | None) -> None:
    body = Body(b"a=b")
    with pytest.raises(UnsupportedMediaTypeError):
        await read_form(posted(content_type), body)
    assert body.taken == 0


@pytest.mark.parametrize("length", [b"65537", b"104857600", b"9" * 5000])
async def test_in_04_a_body_that_declares_too_much_is_refused_unread(length: bytes) -> None:
    body = Body(b"a=b")
    with pytest.raises(BodyTooLargeError):
        await read_form(posted(length=length), body)
    assert body.taken == 0


async def test_in_04_an_endless_body_is_refused_at_the_limit() -> None:
    body = Body(*[b"x" * 1024] * 1000)
    with pytest.raises(BodyTooLargeError):
        await read_form(posted(), body)
    assert body.taken == 65


async def test_in_04_a_body_of_exactly_the_limit_is_read() -> None:
    assert (await read_form(posted(), Body(b"a=" + b"x" * 98), limit=100)).one("a") == "x" * 98


async def test_a_client_that_goes_away_ends_the_reading() -> None:
    async def gone() -> AsyncIterator[Message]:
        yield {"type": "http.request", "body": b"a=", "more_body": True}
        yield {"type": "http.disconnect"}

    messages = gone()
    with pytest.raises(ClientGoneError):
        await read_form(posted(), messages.__anext__)
