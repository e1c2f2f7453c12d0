"""The command line: `consentry …`. Each module of this package holds the commands of one subject."""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from consentry.cli.output import CommandError, complain
from consentry.cli.serving import plain_options, run_server
from consentry.settings_sources import SettingsError

if TYPE_CHECKING:
    import typer

COMMANDS = (
    "demo",
    "init",
    "serve",
    "migrate",
    "people",
    "members",
    "apps",
    "connections",
    "keys",
    "operators",
    "registration_tokens",
    "explain",
    "catalog",
    "signing_keys",
    "doctor",
)
"""The modules of this package with `commands`, in the order in which `consentry --help` shows them."""

_NOT_DONE = 1
_INTERRUPTED = 130


def build_app() -> "typer.Typer":
    """Return the whole command line as one application."""
    # Loaded here, and the commands with it, because a server needs none of it: see serving.py.
    import typer  # noqa: PLC0415 - see above

    app = typer.Typer(
        name="consentry",
        help="Connected apps for any SaaS product: run the server, and manage its people, apps, connections and keys.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        app.add_typer(import_module(f"{__name__}.{name}").commands)
    return app


def main() -> None:
    """Run the command line and exit: 0 done, 1 cannot be done, 2 wrong usage.

    A fault nobody foresaw shows its kind only, because its text could hold a secret; Python's development mode
    (`python -X dev -m consentry …`, or PYTHONDEVMODE=1) shows it whole.
    """
    try:
        first, *rest = sys.argv[1:] or [""]
        options = plain_options(rest) if first == "serve" else None
        if options is not None:
            run_server(options)
        build_app()()
    except (CommandError, SettingsError) as fault:
        complain(str(fault))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does. Nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as fault:
        if sys.flags.dev_mode:
            raise
        complain(
            f"Consentry failed in a way that it should not ({type(fault).__name__}). "
            "Run the command again with PYTHONDEVMODE=1 in front for the details, and report them."
        )
    sys.exit(_NOT_DONE)
