"""The subjects of the sample pages about devices."""

from dataclasses import replace
from datetime import timedelta

from sample_views import CONSENT, back

from consentry.web.views.consent import ConsentPage, DeviceAsked
from consentry.web.views.device import DeviceCodePage, DeviceConfirmPage, DeviceDonePage

ADDRESS = "2001:db8:85a3:8d3:1319:8a2e:370:7348"
EMPTY = DeviceCodePage()
FILLED = DeviceCodePage("BCDF-GHJK")
WRONG = DeviceCodePage("BBBB-BBBB", is_wrong=True)
PAUSED = DeviceCodePage(wait=timedelta(seconds=40))
CONFIRM = DeviceConfirmPage(
    request="0Qb7xYtK2mWc9RfVd3HsLe",
    user_code="BCDF-GHJK",
    app="Papertrail TV",
    registered_by="Papertrail GmbH",
    registered_at=back(days=41),
    verified=False,
    asked_at=back(seconds=50),
    address="203.0.113.7",
)
LONG = replace(
    CONFIRM, app="Papertrail " * 12, registered_by="Papertrail Holdings " * 8, address=ADDRESS, verified=True
)
SELF_REGISTERED = replace(CONFIRM, app="Assistant", registered_itself=True)
VOUCHED_FOR = replace(SELF_REGISTERED, vouched_by="assistant.example")
ASKS: ConsentPage = replace(
    CONSENT, redirect_host=None, action="/device/consent", device=DeviceAsked(back(seconds=70), ADDRESS)
)
CONNECTED = DeviceDonePage("Papertrail TV", approved=True)
STOPPED = DeviceDonePage("Papertrail TV", approved=False)
