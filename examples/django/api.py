"""A product's API in Django, in one file, with one guarded route. The README prints it, and a test runs it."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from consentry.guard.django import require

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], CONSENTRY_CONFIG="consentry.toml")


@require("project.read")
def list_projects(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"projects of": request.consentry_access.organisation_id})


urlpatterns = [path("projects", list_projects)]
app = get_wsgi_application()
