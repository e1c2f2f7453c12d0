"""A product's API in FastAPI, with one guarded route. The README prints it, and a test runs it."""

from typing import Annotated

from fastapi import Depends, FastAPI

from consentry.guard import Access, Guard
from consentry.guard.fastapi import install, require

guard = Guard.from_config("consentry.toml")
app = FastAPI()
install(app, guard)


@app.get("/projects")
async def list_projects(access: Annotated[Access, Depends(require(guard, "project.read"))]) -> dict[str, str]:
    return {"projects of": access.organisation_id}
