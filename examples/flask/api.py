"""A product's API in Flask, with one guarded route. The README prints it, and a test runs it."""

from flask import Flask, g

from consentry.guard.blocking import BlockingGuard
from consentry.guard.flask import require

guard = BlockingGuard.from_config("consentry.toml")
app = Flask(__name__)


@app.get("/projects")
@require(guard, "project.read")
def list_projects() -> dict[str, str]:
    return {"projects of": g.consentry_access.organisation_id}
