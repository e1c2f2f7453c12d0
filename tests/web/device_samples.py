"""The subjects of the sample pages about devices."""

from dataclasses import replace
from datetime import timedelta

from sample_views import CONSENT, back

from consentry.web.views.consent import ConsentPage, DeviceAsked
from consentry.web.views.device import DeviceCodePage, DeviceConfirmPage, DeviceDonePage
from consentry.web.views.provenance import Provenance

ADDRESS = "2001:db8:85a3:8d3:1319:8a2e:370:7348"
EMPTY = DeviceCodePage()
FILLED = DeviceCodePage("BCDF-GHJK")
WRONG = DeviceCodePage("BBBB-BBBB", is_wrong=True)
PAUSED = DeviceCodePage(wait=timedelta(seconds=40))
CONFIRM = DeviceConfirmPage(
    request="0Qb7xYtK2mWc9RfVd3HsLe",
    user_code="BCDF-GHJK",
    app="Papertrail TV",
    provenance=Provenance(back(days=41), "Papertrail GmbH"),
    asked_at=back(seconds=50),
    address="203.0.113.7",
)
LONG = replace(
    CONFIRM,
    app="Papertrail " * 12,
    provenance=Provenance(back(days=41), "Papertrail Holdings " * 8, verified=True),
    address=ADDRESS,
)
STRANGER = Provenance(back(days=41))
VOUCHED = Provenance(back(days=41), vouched_by="assistant.example")
SELF_REGISTERED = replace(CONFIRM, app="Assistant", provenance=STRANGER)
VOUCHED_FOR = replace(CONFIRM, app="Assistant", provenance=VOUCHED)
ASKS: ConsentPage = replace(
    CONSENT, redirect_host=None, action="/device/consent", device=DeviceAsked(back(seconds=70), ADDRESS)
)
STRANGER_ASKS = replace(ASKS, app="Assistant", provenance=VOUCHED)
CONNECTED = DeviceDonePage("Papertrail TV", approved=True)
STOPPED = DeviceDonePage("Papertrail TV", approved=False)
