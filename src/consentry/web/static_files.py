"""The stylesheet and the one small script, under addresses that change with their content."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class _StaticFile:
    address: str
    content: bytes
    content_type: str


def _read(path: Path) -> _StaticFile:
    content = path.read_bytes()
    fingerprint = sha256(content).hexdigest()[:16]
    return _StaticFile(f"{path.stem}.{fingerprint}{path.suffix}", content, _TYPES[path.suffix])


_BY_NAME = {
    path.name: _read(path) for path in sorted((Path(__file__).parent / "static").iterdir()) if path.suffix in _TYPES
}
_BY_ADDRESS = {file.address: file for file in _BY_NAME.values()}


def static_url(name: str) -> str:
    """Return the path of the static file `name`, with the fingerprint of its content. Raises KeyError."""
    return f"/static/{_BY_NAME[name].address}"


async def static_file(request: Request) -> Response:
    """Answer `GET /static/{address}`. What it answers never changes, so browsers may keep it for a year."""
    file = _BY_ADDRESS.get(request.path_params["address"])
    if file is None:
        return PlainTextResponse("Not found\n", status_code=404)
    return Response(
        file.content,
        media_type=file.content_type,
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
