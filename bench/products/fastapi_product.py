"""A route that does nothing, in FastAPI."""

from fastapi import Depends, FastAPI

from consentry.guard import Guard
from consentry.guard.fastapi import install, require


async def nothing() -> str:
    return "ok"


guard = Guard.from_config("consentry.toml")
bare, guarded = FastAPI(), FastAPI()
bare.get("/")(nothing)
guarded.get("/", dependencies=[Depends(require(guard, "invoice.read"))])(nothing)
install(guarded, guard)
