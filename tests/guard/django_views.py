"""The product as Django views, and below /async as asynchronous ones."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from consentry.guard.django import guard, require


def answer(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"organisation": request.consentry_access.organisation_id})  # type: ignore[attr-defined]


async def answer_async(request: HttpRequest) -> HttpResponse:
    return answer(request)


def closed(request: HttpRequest) -> HttpResponse:
    raise guard().deny(request.consentry_access, "This period is closed.")  # type: ignore[attr-defined]


async def closed_async(request: HttpRequest) -> HttpResponse:
    return closed(request)


@method_decorator(require("invoice.send", "client.write"), name="dispatch")
class Mailings(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return answer(request)


urlpatterns = [
    path("invoices", require("invoice.read")(answer)),
    path("payments", require("payment_instruction.write")(answer)),
    path("mailings", Mailings.as_view()),
    path("closed", require("invoice.read")(closed)),
    path("async/closed", require("invoice.read")(closed_async)),
    path("async/invoices", require("invoice.read")(answer_async)),
    path("async/payments", require("payment_instruction.write")(answer_async)),
    path("async/mailings", require("invoice.send", "client.write")(answer_async)),
]
