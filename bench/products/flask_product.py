"""A route that does nothing, in Flask."""

from flask import Flask

from consentry.guard.blocking import BlockingGuard
from consentry.guard.flask import require


def nothing() -> str:
    return "ok"


bare, guarded = Flask("bare"), Flask("guarded")
bare.get("/")(nothing)
guarded.get("/")(require(BlockingGuard.from_config("consentry.toml"), "invoice.read")(nothing))
