"""Every page renders, escapes what it shows, and stays within the content security policy."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jinja2
import pytest
from page_samples import SAMPLES, Sample, plain_frame, settings_frame
from sample_views import CONSENT, HOSTILE, NOW, WRONG_FORM
from starlette.requests import Request

from consentry.web import pages, static_files, times
from consentry.web.pages import locale_of, render
from consentry.web.views import apps
from consentry.web.views.frame import settings_navigation
from consentry.web.views.problem import plain_problem
from consentry.web.views.sign_in import SignInPage

TEMPLATES = Path(pages.__file__).parent / "templates"
PIECES = {
    "frame",
    "focus",
    "settings",
    "parts",
    "app_form",
    "app_protocol",
    "key_form",
    "connection_card",
    "access_parts",
    "provenance",
}
each_page = pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])


def html(sample: Sample) -> str:
    return bytes(render(sample.template, frame=sample.frame, view=sample.view, status=sample.status).body).decode()


def test_every_template_has_a_sample() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.html")} - PIECES == {sample.template for sample in SAMPLES}


@each_page
def test_a_page_keeps_to_the_content_security_policy(sample: Sample) -> None:
    page = html(sample)
    assert not re.search(r"<style|<iframe|<img|<object|<base|\sstyle=|\son\w+=[\"']|javascript:", page, re.IGNORECASE)
    # The one page whose form is not for us, and which sends it by itself where it can.
    leaves = sample.template == "form_post"
    own = ("/static/copy.", "/static/form_post.") if leaves else ("/static/copy.",)
    assert [tag for tag in re.findall(r"<script[^>]*>", page) if not any(name in tag for name in own)] == []
    assert len(re.findall(r'(?:src|action)="(?!/)[^"]*"', page)) == int(leaves)


@each_page
def test_a_page_has_one_title_one_main_heading_and_a_way_past_the_frame(sample: Sample) -> None:
    page = html(sample)
    assert page.count("<title>") == page.count("<h1>") == page.count("<main ") == 1
    assert '<a class="skip" href="#content">' in page
    assert 'id="content"' in page


@each_page
def test_every_form_that_posts_carries_the_token(sample: Sample) -> None:
    for form in re.findall(r'<form method="post".*?</form>', html(sample), re.DOTALL):
        assert form.count('name="csrf" value="cccc') == 1


@each_page
def test_no_id_is_used_twice_and_every_reference_leads_somewhere(sample: Sample) -> None:
    page = html(sample)
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(
        r'(?:\sfor|aria-labelledby|data-copies)="([^"]*)"|href="#([^"]*)"|aria-describedby="([^"]*)"', page
    )
    assert {word for found in references for text in found for word in text.split()} <= set(ids)


def test_cs_06_cs_07_a_hostile_name_is_shown_as_text() -> None:
    page = html(next(sample for sample in SAMPLES if sample.name == "consent-hostile"))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{7*7}}${7*7}" in page
    assert "49" not in re.sub(r"<[^>]*>", "", page)


def test_cs_08_unseen_characters_are_made_visible_and_names_cut_and_the_redirect_host_shown() -> None:
    page = html(next(sample for sample in SAMPLES if sample.name == "consent-hostile"))
    assert not re.search("[\u202a-\u202e\u200b-\u200f\u2066-\u2069]", page)
    assert "\N{REPLACEMENT CHARACTER}" in page
    assert "A" * 100 not in page
    assert '<strong class="host">app.papertrail.example</strong>' in page


def test_what_was_typed_comes_back_escaped() -> None:
    form = replace(WRONG_FORM, name='"><script>x</script>', redirect_uris="</textarea><script>x</script>")
    page = html(Sample("x", "app_new", settings_frame("Register app", "apps"), apps.AppNewPage(form)))
    assert "<script>" not in page
    assert page.count("&lt;script&gt;x") == 2


def test_a_first_empty_line_of_a_textarea_survives_the_round_trip() -> None:
    form = replace(WRONG_FORM, redirect_uris="\nhttps://a.example/cb")
    page = html(Sample("x", "app_new", settings_frame("Register app", "apps"), apps.AppNewPage(form)))
    assert ">\n\nhttps://a.example/cb</textarea>" in page


def test_each_error_is_told_at_the_top_and_beside_its_field() -> None:
    page = html(next(sample for sample in SAMPLES if sample.name == "app-new-errors"))
    assert "<title>Error: Register app" in page
    for error in WRONG_FORM.errors:
        assert f'<a href="#{error.field}">' in page
        assert f'id="{error.field}-error"' in page
    assert 'aria-describedby="name-hint name-error"' in page


def test_approve_and_decline_are_equally_reachable_and_a_refusal_leaves_only_decline() -> None:
    assert re.findall(r'name="decision" value="(\w+)"', html(Sample("x", "consent", plain_frame("x"), CONSENT))) == [
        "decline",
        "approve",
    ]
    refused = replace(CONSENT, refusal="Your role does not include connecting apps.")
    assert re.findall(r'name="decision" value="(\w+)"', html(Sample("x", "consent", plain_frame("x"), refused))) == [
        "decline"
    ]


def test_only_optional_scopes_that_the_person_holds_can_be_ticked() -> None:
    page = html(Sample("x", "consent", plain_frame("x"), CONSENT))
    assert re.findall(r'name="scope" value="([^"]+)"', page) == ["reports:read"]
    assert "does not include changing payments; an administrator can change that." in page


def test_the_received_redirect_uri_is_never_a_link() -> None:
    page = html(next(sample for sample in SAMPLES if sample.name == "authorize-problem"))
    assert "<code>https://app.papertrail.example/oauth/callback/</code>" in page
    assert not re.search(r'href="https?:', page)


def test_a_template_that_asks_for_what_its_view_lacks_fails() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("problem", frame=plain_frame("x"), view=SignInPage())


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415, 429, 500, 503, 418, 502])
def test_every_status_has_a_page_with_a_request_id(status: int) -> None:
    page = html(Sample("x", "problem", plain_frame("x"), plain_problem(status, request_id="req_1")))
    assert "req_1" in page
    assert f"http_{status}" in page


@pytest.mark.parametrize(
    ("permissions", "labels"),
    [
        (set(), ["My connections"]),
        ({"api_key.create"}, ["API keys", "My connections"]),
        ({"oauth_app.manage"}, ["Connected apps", "My connections", "All connections", "Access"]),
        ({"audit.read", "api_key.manage"}, ["API keys", "My connections", "Access", "Audit"]),
    ],
)
def test_the_navigation_names_only_what_may_be_opened(permissions: set[str], labels: list[str]) -> None:
    items = settings_navigation("connections", permissions=permissions)
    assert [item.label for item in items] == labels
    assert [item.label for item in items if item.current] == ["My connections"]


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en_GB"),
        ("", "en_GB"),
        ("en", "en_GB"),
        ("en-US,en;q=0.9", "en_US"),
        ("xx;q=1, fr-CH;q=0.9, de;q=0.95", "de"),
        ("zh-Hans-CN", "zh_Hans_CN"),
        ("de;q=0, pt-BR;q=0.1", "pt_BR"),
        ("*", "en_GB"),
        ("de;q=x", "en_GB"),
        ("../../etc/passwd", "en_GB"),
        ("a" * 100_000, "en_GB"),
    ],
)
def test_dates_follow_the_viewers_language(header: str | None, locale: str) -> None:
    headers = [] if header is None else [(b"accept-language", header.encode())]
    assert locale_of(Request({"type": "http", "headers": headers})) == locale


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-3), "3 minutes ago"),
        (timedelta(hours=-25), "1 day ago"),
        (timedelta(days=6, hours=3), "in 6 days"),
    ],
)
def test_a_time_is_told_as_people_tell_it_with_the_exact_moment_beside(distance: timedelta, words: str) -> None:
    element = str(times.ago(NOW + distance, now=NOW, locale="en_GB"))
    assert f">{words}</time>" in element
    assert re.search(r'<time datetime="2026-11-\d\dT\d\d:\d\d:\d\dZ" title="[^"]+ UTC">', element)


def test_a_date_is_written_as_in_the_viewers_country_and_says_its_language() -> None:
    assert ">24 Nov 2026</time>" in str(times.day(NOW, locale="en_GB"))
    assert 'lang="de-DE">24.11.2026</time>' in str(times.day(NOW, locale="de_DE"))


def test_the_stylesheet_and_the_script_are_small_and_load_nothing() -> None:
    sheet = (Path(static_files.__file__).parent / "static" / "consentry.css").read_text()
    assert len(sheet.encode()) < 25 * 1024
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert HOSTILE not in sheet
