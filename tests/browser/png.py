"""Just enough of PNG (RFC 2083) to look into a browser's pictures and to make them smaller."""

import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def pixels(png: bytes) -> bytes:
    """Return the picture's filtered lines, no longer compressed."""
    return zlib.decompress(b"".join(data for kind, data in _chunks(png) if kind == b"IDAT"))


def is_blank(png: bytes) -> bool:
    """Tell whether a picture has one colour only: filtered, it then has next to no different bytes."""
    return len(set(pixels(png))) < 8


def smaller(png: bytes) -> bytes:
    """Return the same picture, compressed with patience."""
    header = next(data for kind, data in _chunks(png) if kind == b"IHDR")
    made = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels(png), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in made
    )
