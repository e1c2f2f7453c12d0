"""The guard: what a product's API asks on every request.

    from consentry.guard import Guard
    from consentry.guard.fastapi import install, require

    guard = Guard.from_config("consentry.toml")
    app = FastAPI()
    install(app, guard)

    @app.get("/invoices")
    async def invoices(access: Annotated[Access, Depends(require(guard, "invoice.read"))]) -> ...:
        ...  # only the rows of access.organisation_id

`consentry.guard.starlette`, `django` and `flask` have the same for their frameworks, and any other ASGI application is
wrapped: `GuardMiddleware(app, guard)` of `consentry.guard.asgi`. `consentry.guard.blocking` has the guard for threads.
"""

from consentry.gate.answer import Answer, CallRefusedError
from consentry.guard.guard import Guard, UnknownPermissionError
from consentry.model.access import Access, Reason, Refused
from consentry.oauth.protected_resource import ProtectedResource

__all__ = [
    "Access",
    "Answer",
    "CallRefusedError",
    "Guard",
    "ProtectedResource",
    "Reason",
    "Refused",
    "UnknownPermissionError",
]
