"""Calls to addresses that strangers chose. Threats SS-01, SS-04, SS-06 and SS-09."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from consentry.outbound import PublicOutbound, is_public
from consentry.ports.outbound import OutboundError

LOOPBACK = (ip_network("127.0.0.0/8"),)
HOST = "client.test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "client.test.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


class Server:
    """Answers every connection with the same bytes, and remembers what was asked."""

    def __init__(self, answer: bytes, *, pause: float = 0.0) -> None:
        self.asked: list[bytes] = []
        self.port = 0
        self._answer = answer
        self._pause = pause

    @asynccontextmanager
    async def serve(self, certificate: Path) -> AsyncIterator["Server"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            for start in range(0, len(self._answer), 64 * 1024):
                writer.write(self._answer[start : start + 64 * 1024])
                await writer.drain()
                await asyncio.sleep(self._pause)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def outbound(certificate: Path, *addresses: str, deadline: float = 5.0, allowed: bool = True) -> PublicOutbound:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses or ("127.0.0.1",)

    return PublicOutbound(
        allowed=LOOPBACK if allowed else (),
        ssl_context=ssl.create_default_context(cafile=str(certificate)),
        resolve=resolve,
        deadline_seconds=deadline,
    )


async def test_a_document_is_fetched_whole_with_its_headers(certificate: Path) -> None:
    async with Server(answer(b'{"a":1}', "Cache-Control: max-age=60")).serve(certificate) as server:
        document = await outbound(certificate).fetch(
            f"https://{HOST}:{server.port}/app.json", accept="application/json", most_bytes=100
        )

    assert (document.status, document.body, document.headers["cache-control"]) == (200, b'{"a":1}', "max-age=60")
    assert b"cookie" not in server.asked[0].lower()
    assert b"accept-encoding: identity" in server.asked[0]


@pytest.mark.shows("Client ID Metadata Document §6.4 private-addresses")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
        "2001:0:7f00:1::",
    ],
)
async def test_ss_01_nothing_leaves_for_an_address_that_is_not_public(certificate: Path, address: str) -> None:
    async with Server(answer(b"{}")).serve(certificate) as server:
        with pytest.raises(OutboundError, match="not on the public internet"):
            await outbound(certificate, address, allowed=False).fetch(
                f"https://{HOST}:{server.port}/", accept="*/*", most_bytes=100
            )

    assert server.asked == []
    assert not is_public(ip_address(address))


async def test_ss_01_one_private_address_among_public_ones_is_enough_to_refuse(certificate: Path) -> None:
    with pytest.raises(OutboundError, match="not on the public internet"):
        await outbound(certificate, "1.1.1.1", "10.0.0.1", allowed=False).fetch(
            f"https://{HOST}/", accept="*/*", most_bytes=100
        )


@pytest.mark.parametrize(
    "url",
    ["http://client.test/", "file:///etc/passwd", "https://a@client.test/", "https://client.test\\@x/", "https:///x"],
)
async def test_ss_03_only_https_without_a_user_name_is_called(certificate: Path, url: str) -> None:
    with pytest.raises(OutboundError):
        await outbound(certificate).fetch(url, accept="*/*", most_bytes=100)


@pytest.mark.shows("Client ID Metadata Document §4 no-redirects")
async def test_ss_04_a_redirect_is_an_answer_and_is_not_followed(certificate: Path) -> None:
    async with Server(answer(b"", "Location: https://127.0.0.1/", status="302 Found")).serve(certificate) as server:
        document = await outbound(certificate).fetch(f"https://{HOST}:{server.port}/", accept="*/*", most_bytes=100)

    assert document.status == 302
    assert len(server.asked) == 1


@pytest.mark.shows("Client ID Metadata Document §6.5 size")
async def test_ss_06_an_answer_that_is_too_long_is_cut_off(certificate: Path) -> None:
    async with Server(answer(b"x" * 10_000_000)).serve(certificate) as server:
        with pytest.raises(OutboundError, match="longer than 1000 bytes"):
            await outbound(certificate).fetch(f"https://{HOST}:{server.port}/", accept="*/*", most_bytes=1000)


async def test_ss_06_an_answer_that_drips_is_given_up(certificate: Path) -> None:
    async with Server(answer(b"x" * 640_000), pause=0.2).serve(certificate) as server:
        with pytest.raises(OutboundError, match="did not answer within"):
            await outbound(certificate, deadline=0.4).fetch(
                f"https://{HOST}:{server.port}/", accept="*/*", most_bytes=1_000_000
            )


async def test_ss_06_a_compressed_answer_is_refused(certificate: Path) -> None:
    async with Server(answer(b"\x1f\x8b", "Content-Encoding: gzip")).serve(certificate) as server:
        with pytest.raises(OutboundError, match="compressed"):
            await outbound(certificate).fetch(f"https://{HOST}:{server.port}/", accept="*/*", most_bytes=1000)


async def test_a_certificate_of_another_name_is_refused(certificate: Path) -> None:
    async with Server(answer(b"{}")).serve(certificate) as server:
        with pytest.raises(OutboundError, match="could not be called"):
            await outbound(certificate).fetch(f"https://other.test:{server.port}/", accept="*/*", most_bytes=100)


async def test_ss_09_a_form_is_posted_by_the_same_rules(certificate: Path) -> None:
    async with Server(answer(b"", status="204 No Content")).serve(certificate) as server:
        status = await outbound(certificate).post_form(f"https://{HOST}:{server.port}/out", {"logout_token": "a b"})
        with pytest.raises(OutboundError, match="not on the public internet"):
            await outbound(certificate, allowed=False).post_form(f"https://{HOST}:{server.port}/out", {})

    assert status == 204
    assert server.asked[0].startswith(b"POST /out ")
