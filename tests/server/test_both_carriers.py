"""Our own HTTP protocol answers the bytes that the same application answers behind uvicorn's ASGI."""

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest
from raw_http import Carrier, both_carriers, split_answers

from consentry.model.acting import operator
from consentry.model.api_key import KeyDraft, KeyOwner
from consentry.oauth.parameters import MAX_FORM_BYTES
from consentry.ports.directory import Holding, Pair

OPERATOR = operator("opr_000000000000000carry1")
Pieces = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a case sends: the credentials that the database knows."""

    basic: bytes
    key: bytes


async def fill(carrier: Carrier, *, own_members: bool = True) -> Asked:
    deeds = carrier.deeds
    home = await deeds.people.organisations.create(OPERATOR, "North Books")
    ana = await deeds.people.users.create(OPERATOR, "ana@north.test")
    if own_members:
        await deeds.people.members.set(OPERATOR, home.id, ana.id, ["owner"])
    draft = KeyDraft("Nightly", ("invoice.read",), None, ())
    shown = await deeds.api_keys.create(OPERATOR, draft, KeyOwner(home.id, ana.id))
    api = await deeds.resources.register(OPERATOR, "Books API", "https://api.books.test")
    pair = f"{api.resource.client_id}:{api.client_secret.reveal()}".encode()
    return Asked(b"Basic " + base64.b64encode(pair), shown.text.reveal().encode())


@pytest.fixture(scope="module")
def carriers(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Carrier, Carrier]]:
    with both_carriers(module_database_url, tmp_path_factory.mktemp("carriers")) as both:
        yield both


@pytest.fixture(scope="module")
def asked(carriers: tuple[Carrier, Carrier]) -> Asked:
    return asyncio.run_coroutine_threadsafe(fill(carriers[0]), carriers[0].thread.loop).result(20)


def posted(path: bytes, *headers: bytes, body: bytes = b"", length: bool = True, version: bytes = b"1.1") -> bytes:
    lines = [
        b"POST " + path + b" HTTP/" + version,
        b"Host: login.test",
        b"Content-Type: application/x-www-form-urlencoded",
        *([b"Content-Length: %d" % len(body)] if length else []),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def got(path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"Host: login.test", *headers]) + b"\r\n\r\n"


INTROSPECT, TOKEN, REVOKE = b"/oauth/introspect", b"/oauth/token", b"/oauth/revoke"
METADATA, JWKS, GATEWAY = b"/.well-known/oauth-authorization-server", b"/oauth/jwks", b"/guard/forward-auth"


def authorised(body: bytes, *headers: bytes, path: bytes = INTROSPECT, version: bytes = b"1.1") -> bytes:
    return posted(path, b"Authorization: {basic}", *headers, body=body, version=version)


ONE = {
    "a working key": authorised(b"token={key}"),
    "for a guard": authorised(b"token={key}&detail=guard&address=192.0.2.1"),
    "encoded in the form": authorised(b"%74oken={key}&x=%C3%A9+%26"),
    "no token": authorised(b"x=1"),
    "no form at all": authorised(b""),
    "twice the token": authorised(b"token={key}&token={key}"),
    "an unknown key": authorised(b"token=cst_key_nothing"),
    "broken encoding": authorised(b"token=%zz"),
    "not UTF-8": authorised(b"token=%ff%fe"),
    "a NUL": authorised(b"token=a%00b"),
    "a bare NUL": authorised(b"token=a\0b"),
    "bytes that are no text": authorised(b"token=\xff\xfe"),
    "a form with a charset": posted(
        INTROSPECT, b"Authorization: {basic}", b"Content-Type: application/x-www-form-urlencoded; charset=UTF-8"
    ),
    "two media types": posted(INTROSPECT, b"Authorization: {basic}", b"Content-Type: text/plain", body=b"token=x"),
    "no authentication": posted(INTROSPECT, body=b"token={key}"),
    "two authorizations": authorised(b"token={key}", b"Authorization: {basic}"),
    "another scheme": posted(INTROSPECT, b"Authorization: Digest x", body=b"token={key}"),
    "a bearer": posted(INTROSPECT, b"Authorization: Bearer cst_op_x", body=b"token={key}"),
    "broken Basic": posted(INTROSPECT, b"Authorization: Basic !!!", body=b"token={key}"),
    "Basic and a secret in the form": authorised(b"token={key}&client_secret=x"),
    "accepts anything": authorised(b"token={key}", b"Accept: */*"),
    "an authority of ours in the headers": authorised(b"token={key}", b"X-Request-Id: mine", b"X-Forwarded-Host: evil"),
    "through a proxy": authorised(b"token={key}", b"X-Forwarded-For: 192.0.2.7:4711, 127.0.0.1"),
    "through a proxy that hides": authorised(b"token={key}", b"X-Forwarded-For: unknown"),
    "header names in capitals": authorised(b"token={key}").replace(b"Content-Type", b"CONTENT-TYPE"),
    "with a query": authorised(b"token={key}", path=INTROSPECT + b"?token=x"),
    "with an empty query": authorised(b"token={key}", path=INTROSPECT + b"?"),
    "with a fragment": authorised(b"token={key}", path=INTROSPECT + b"#x"),
    "an encoded path": authorised(b"token={key}", path=b"/oauth/%69ntrospect"),
    "an absolute address": authorised(b"token={key}", path=b"http://login.test/oauth/introspect"),
    "a longer path": authorised(b"token={key}", path=INTROSPECT + b"/"),
    "an expectation": authorised(b"token={key}", b"Expect: 100-continue"),
    "an upgrade": authorised(b"token={key}", b"Connection: Upgrade", b"Upgrade: websocket"),
    "hanging up": authorised(b"token={key}", b"Connection: close"),
    "hanging up, in capitals": authorised(b"token={key}", b"CONNECTION: Close"),
    "HTTP/1.0": authorised(b"token={key}", version=b"1.0"),
    "HTTP/1.0, kept alive": authorised(b"token={key}", b"Connection: keep-alive", version=b"1.0"),
    "another media type": authorised(b"{}").replace(b"x-www-form-urlencoded", b"json"),
    "a body too large": authorised(b"token=" + b"x" * MAX_FORM_BYTES),
    "a body as large as may be": authorised(b"token=" + b"x" * (MAX_FORM_BYTES - 6)),
    "too many fields": authorised(b"a=1&" * 200),
    "a length that is none": posted(INTROSPECT, b"Content-Length: x", length=False),
    "two lengths": authorised(b"token={key}", b"Content-Length: 3"),
    "chunked": posted(
        INTROSPECT,
        b"Authorization: {basic}",
        b"Transfer-Encoding: chunked",
        length=False,
        body=b"7\r\ntoken=x\r\n0\r\n\r\n",
    ),
    "chunked and a length": authorised(b"token={key}", b"Transfer-Encoding: chunked"),
    "no body and no length": posted(INTROSPECT, b"Authorization: {basic}", length=False),
    "GET where a form is due": got(INTROSPECT),
    "PUT": got(INTROSPECT, method=b"PUT"),
    "OPTIONS": got(INTROSPECT, method=b"OPTIONS"),
    "TRACE": got(INTROSPECT, method=b"TRACE"),
    "no such method": got(INTROSPECT, method=b"FETCH"),
    "no HTTP at all": b"hello\r\n\r\n",
    "token: no such grant": authorised(b"grant_type=password&client_id=x&client_secret=y", path=TOKEN),
    "token: no client": posted(TOKEN, body=b"grant_type=authorization_code"),
    "token: OPTIONS": got(TOKEN, b"Origin: https://app.test", method=b"OPTIONS"),
    "token: GET": got(TOKEN),
    "revoke: a stranger": posted(REVOKE, body=b"token=x&client_id=cst_unknown"),
    "metadata": got(METADATA),
    "metadata with a query": got(METADATA + b"?x=1"),
    "metadata: POST": posted(METADATA, body=b"x"),
    "metadata: OPTIONS": got(METADATA, method=b"OPTIONS"),
    "keys": got(JWKS),
    "keys, with a body": got(JWKS, b"Content-Length: 2") + b"{}",
    "keys, hanging up": got(JWKS, b"Connection: close"),
    "gateway: nothing said": got(GATEWAY),
    "gateway: a public route": got(GATEWAY, b"X-Original-Method: GET", b"X-Original-URI: /status"),
    "gateway: a key": got(GATEWAY + b"/invoices", b"Authorization: Bearer {key}"),
    "gateway: a key, through nginx": got(
        GATEWAY, b"X-Original-Method: GET", b"X-Original-URI: /invoices?a=b", b"Authorization: Bearer {key}"
    ),
    "gateway: no key": got(GATEWAY + b"/invoices"),
    "gateway: no key, through nginx": got(GATEWAY, b"X-Original-Method: GET", b"X-Original-URI: /invoices"),
    "gateway: a key in the address": got(GATEWAY + b"/invoices?access_token={key}"),
    "gateway: ambiguous": got(GATEWAY + b"/invoices", b"X-Original-Method: GET", b"X-Original-URI: /invoices"),
    "gateway: a fragment": got(GATEWAY + b"/invoices#x"),
    "gateway: encoded": got(GATEWAY + b"/%69nvoices", b"Authorization: Bearer {key}"),
    "gateway: an encoded slash": got(GATEWAY + b"/a%2Fb"),
    "gateway: POST with a body": posted(GATEWAY + b"/invoices", body=b"x=1"),
    "gateway: no such route": got(GATEWAY + b"/nothing"),
    "gateway: its own address": got(GATEWAY + b"/"),
    "gateway: another address": got(GATEWAY + b"x"),
    "health": got(b"/healthz"),
    "no such page": got(b"/nothing"),
}


@pytest.mark.parametrize("name", ONE)
def test_the_same_bytes_get_the_same_answer(carriers: tuple[Carrier, Carrier], asked: Asked, name: str) -> None:
    sent = filled(ONE[name], asked)

    by_asgi, by_us = (carrier.exchange(sent) for carrier in carriers)

    assert by_us == by_asgi
    assert by_us.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("name", ["a working key", "keys", "metadata", "gateway: a key", "token: no such grant"])
def test_the_plain_case_asks_nothing_of_asgi(
    carriers: tuple[Carrier, Carrier], asked: Asked, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(type(carriers[1].application), "__call__", never)

    answer = carriers[1].exchange(filled(ONE[name], asked))

    assert not answer.startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("name", ["metadata", "keys", "gateway: a key", "a working key"])
def test_head_gets_the_same_head(carriers: tuple[Carrier, Carrier], asked: Asked, name: str) -> None:
    sent = filled(ONE[name], asked)
    sent = b"HEAD" + sent[sent.index(b" ") :]

    by_asgi, by_us = (carrier.exchange(sent, head_only=True) for carrier in carriers)

    assert by_us == by_asgi


SAME, OTHER = authorised(b"token=cst_key_one"), authorised(b"token=cst_key_two")
HEAD_INSIDE = authorised(b"a=1\r\n\r\n" + b"token=cst_key_one")

SEVERAL: dict[str, tuple[Pieces, int]] = {
    "one after the other": ((ONE["a working key"], ONE["no token"], ONE["a working key"]), 3),
    "all at once": ((ONE["a working key"] + ONE["no token"] + ONE["keys"] + ONE["a working key"],), 4),
    "behind a page": ((ONE["no such page"] + ONE["a working key"],), 2),
    "a page behind it": ((ONE["a working key"] + ONE["no such page"] + ONE["keys"],), 3),
    "behind one of another way": ((ONE["chunked"] + ONE["a working key"] + ONE["chunked"] + ONE["no token"],), 4),
    "head and body apart": ((*ONE["a working key"].partition(b"\r\n\r\n"),), 1),
    "body in two, the next behind it": (
        (ONE["a working key"][:-4], ONE["a working key"][-4:] + ONE["no token"][:30], ONE["no token"][30:]),
        2,
    ),
    "nothing behind the last": ((ONE["hanging up"] + ONE["a working key"],), 1),
    "nothing behind one too large": ((ONE["a body too large"] + ONE["a working key"],), 1),
    "nothing behind what is no HTTP": ((ONE["a working key"], b"\0\0\0\r\n\r\n"), 2),
    "the body that nobody reads": ((ONE["another media type"], ONE["a working key"]), 2),
    "the same again": ((ONE["a working key"],) * 4, 4),
    "the same head, another body": ((SAME, OTHER, SAME), 3),
    "the same head, and half the body": ((SAME, OTHER[:-4], OTHER[-4:], SAME), 3),
    "the same head, and half the head": ((SAME, OTHER[:30], OTHER[30:], SAME), 3),
    "the same twice at once": ((SAME + SAME, SAME, OTHER), 4),
    "the same, then twice at once": ((SAME, OTHER + SAME, OTHER), 4),
    "the same, with an end of line behind": ((SAME + b"\r\n", SAME, SAME + b"\r\n", OTHER), 4),
    "the same, with the next begun": ((SAME + OTHER[:9], OTHER[9:], SAME), 3),
    "the same behind another way": ((SAME, ONE["chunked"], SAME, ONE["no such page"], SAME), 5),
    "the same behind what hangs up": ((ONE["hanging up"], ONE["hanging up"]), 1),
    "the same without a body": ((ONE["gateway: a key"], ONE["gateway: no key"], ONE["gateway: a key"]), 3),
    "the same without a body, twice at once": ((ONE["keys"], ONE["keys"] + ONE["keys"], ONE["keys"]), 4),
    "a body that looks like a head": ((HEAD_INSIDE, HEAD_INSIDE + HEAD_INSIDE, HEAD_INSIDE), 4),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_requests_on_one_connection(carriers: tuple[Carrier, Carrier], asked: Asked, name: str) -> None:
    pieces, answers = SEVERAL[name]
    sent = [filled(piece, asked) for piece in pieces]

    by_asgi, by_us = (carrier.exchange(*sent, answers=answers) for carrier in carriers)

    assert by_us == by_asgi


def test_the_same_head_again_carries_the_credential_that_it_comes_with(
    carriers: tuple[Carrier, Carrier], asked: Asked
) -> None:
    works, unknown = (
        filled(authorised(b"token=" + key), asked) for key in (b"{key}", b"cst_key_" + b"x" * (len(asked.key) - 8))
    )

    for carrier in carriers:
        first, second, third = split_answers(carrier.exchange(works, unknown, works, answers=3))

        assert b'"active":true' in first
        assert b'"active":false' in second
        assert third == first


def test_a_request_in_small_pieces(carriers: tuple[Carrier, Carrier], asked: Asked) -> None:
    sent = filled(ONE["a working key"], asked)
    pieces = [sent[start : start + 25] for start in range(0, len(sent), 25)]

    by_asgi, by_us = (carrier.exchange(*pieces) for carrier in carriers)

    assert by_us == by_asgi
    assert b'"active":true' in by_us


def test_a_fault_of_ours_is_answered_alike(database_path: Path, tmp_path: Path) -> None:
    with both_carriers(f"sqlite:///{database_path}", tmp_path) as carriers:
        asked = asyncio.run_coroutine_threadsafe(fill(carriers[0]), carriers[0].thread.loop).result(20)
        with apsw.Connection(str(database_path)) as database:
            database.execute("ALTER TABLE resources RENAME TO gone")
        sent = filled(ONE["a working key"], asked)

        by_asgi, by_us = (carrier.exchange(sent) for carrier in carriers)

    assert by_us == by_asgi
    assert by_us.startswith(b"HTTP/1.1 500 ")
    assert b'"error":"server_error"' in by_us


class Product:
    """The product's own directory, until it is down: everybody is an owner."""

    is_down = False

    async def find_holders(self, pairs: Sequence[Pair]) -> Mapping[Pair, Holding]:
        if self.is_down:
            raise ValueError("secret-data")
        return dict.fromkeys(pairs, Holding(("owner",)))


def test_a_directory_that_is_down_is_answered_alike(database_url: str, tmp_path: Path) -> None:
    product = Product()
    with both_carriers(database_url, tmp_path, product) as carriers:
        filling = fill(carriers[0], own_members=False)
        asked = asyncio.run_coroutine_threadsafe(filling, carriers[0].thread.loop).result(20)
        sent = [filled(ONE[name], asked) for name in ("a working key", "gateway: a key")]
        assert all(b'"active":true' in carrier.exchange(sent[0]) for carrier in carriers)
        product.is_down = True

        by_asgi, by_us = ([carrier.exchange(one) for one in sent] for carrier in carriers)

    assert by_us == by_asgi
    assert all(one.startswith(b"HTTP/1.1 503 ") and b"secret-data" not in one for one in by_us)


def filled(template: bytes, asked: Asked) -> bytes:
    """Put the credentials in, and the length right."""
    head, blank, body = template.partition(b"\r\n\r\n")
    whole = body.replace(b"{key}", asked.key)
    longer = len(whole) - len(body)
    head = head.replace(b"Content-Length: %d\r\n" % len(body), b"Content-Length: %d\r\n" % (len(body) + longer), 1)
    return head.replace(b"{basic}", asked.basic).replace(b"{key}", asked.key) + blank + whole
