"""A product's API in Starlette: one endpoint guarded by a decorator, one by its route."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from consentry.guard import Guard
from consentry.guard.starlette import access_of, guarded_route, install, require

guard = Guard.from_config("consentry.toml")


@require(guard, "project.read")
async def list_projects(request: Request) -> JSONResponse:
    return JSONResponse({"projects of": access_of(request).organisation_id})


async def list_files(request: Request) -> JSONResponse:
    return JSONResponse({"files of": access_of(request).organisation_id})


app = Starlette(routes=[Route("/projects", list_projects), guarded_route("/files", list_files, guard, "file.read")])
install(app, guard)
