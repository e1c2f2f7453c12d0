"""Connecting a device by a code: `device_code`, `device_confirm`, `device_done`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from consentry.web.views.provenance import Provenance


@dataclass(frozen=True, slots=True)
class DeviceCodePage:
    """`device_code`. Posts `user_code`, `csrf` to `/device`.

    `user_code` is what stands in the field: what was typed, or what the address brought. `is_wrong` says that no device
    waits with it; `wait` is how long none is heard, after too many wrong ones (status 429).
    """

    user_code: str = ""
    is_wrong: bool = False
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DeviceConfirmPage:
    """`device_confirm`. Posts `decision` (`continue` | `stop`), `request`, `csrf` to `/device/confirm`.

    `user_code` is to be compared with what the device shows; `address` is the network address that asked for it.
    """

    request: str
    user_code: str
    app: str
    provenance: Provenance
    asked_at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class DeviceDonePage:
    """`device_done`: what was answered, and that the device goes on by itself."""

    app: str
    approved: bool
