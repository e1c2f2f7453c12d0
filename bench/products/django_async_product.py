"""A route that does nothing, in Django, as an asynchronous view under ASGI."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from consentry.guard.django import require

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], CONSENTRY_CONFIG="consentry.toml")


async def nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("bare", nothing), path("guarded", require("invoice.read")(nothing))]
bare = guarded = get_asgi_application()
