"""What a server does besides answering: background tasks from its start to its end, and a clean end. ASGI lifespan."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Send

    from consentry.wiring import Deeds


async def live(deeds: Deeds, receive: Receive, send: Send) -> None:
    """Follow the server from its start to its end: stamps of use are written, and the database closed, at the end."""
    await receive()
    running = [deeds.usage.run(), deeds.housekeeping.run(), deeds.key_rotation.run()]
    if deeds.settings.openid_connect:
        running.append(deeds.backchannel_logout.run())
    background = [asyncio.create_task(one) for one in running]
    await send({"type": "lifespan.startup.complete"})
    try:
        await receive()
    finally:
        await _end(deeds, background)
    await send({"type": "lifespan.shutdown.complete"})


async def _end(deeds: Deeds, background: list[asyncio.Task[None]]) -> None:
    for task in background:
        task.cancel()
    for task in background:
        with suppress(asyncio.CancelledError):
            await task
    try:
        await deeds.usage.flush()
    finally:
        await deeds.database.close()
