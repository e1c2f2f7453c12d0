"""`consentry serve`, but for one thing: its calls of logout endpoints take whatever certificate the suite has.

    python examples/conformance/serve.py CONFIG

The suite's certificate is of its own making, and often names another host. Nothing in Consentry itself can do without
the check, which is why this is a program of this folder.
"""

import os
import ssl
import sys
from pathlib import Path

from consentry.cli.database_schema import require_schema
from consentry.cli.output import CommandError
from consentry.cli.readiness import listening_on
from consentry.outbound import PublicOutbound
from consentry.settings import load_settings
from consentry.web.main import app_over
from consentry.web.serving import serve
from consentry.wiring import open_deeds


def main() -> None:
    settings = load_settings(Path(sys.argv[1]), os.environ)
    require_schema(settings)
    outbound = PublicOutbound(allowed=settings.outbound_allowed_networks, ssl_context=_unchecked())
    with listening_on(settings.host, settings.port) as sockets:
        sys.stdout.write(f"Consentry: {settings.issuer}, listening on {settings.host}:{settings.port}\n")
        sys.stdout.flush()
        serve(app_over(open_deeds(settings, outbound=outbound)), settings, sockets)


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if __name__ == "__main__":
    try:
        main()
    except CommandError as fault:
        sys.exit(str(fault))
