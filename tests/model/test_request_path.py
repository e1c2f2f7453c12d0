"""A path is read in one way only, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.request_path import AmbiguousRequestError, read_method, read_path


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/", ()),
        ("/invoices", ("invoices",)),
        ("/invoices/", ("invoices",)),
        ("/invoices/7", ("invoices", "7")),
        ("/%69nvoices/caf%C3%A9%20au%20lait", ("invoices", "café au lait")),
        ("/a.b/..c/d~!$&'()*+,=:@", ("a.b", "..c", "d~!$&'()*+,=:@")),
    ],
)
def test_a_plain_path_is_decoded_and_a_slash_at_its_end_is_passed_over(path: str, segments: tuple[str, ...]) -> None:
    assert read_path(path) == segments


@pytest.mark.parametrize(
    "path",
    [
        "",
        "invoices",
        "http://api.test/invoices",
        "//",
        "//invoices",
        "/public//invoices",
        "/invoices//",
        "/public/../invoices",
        "/public/%2e%2E/invoices",
        "/public/.%2e/invoices",
        "/./invoices",
        "/..",
        "/public%2Finvoices",
        "/public/..%2finvoices",
        "/public/..%5cinvoices",
        "/public\\..\\invoices",
        "/public/%252e%252e/invoices",
        "/public/..;/invoices",
        "/invoices;x=1",
        "/invoices%3Bx",
        "/invoices%00",
        "/invoices%0d%0aX-A:1",
        "/invoices%3Fx",
        "/invoices%23x",
        "/invoices#x",
        "/invoices?x",
        "/invoices/%zz",
        "/invoices/%",
        "/invoices/%C0%AE%C0%AE",
        "/invoices/%ff",
        "/café",
        "/in voices",
        "/invoices\n",
        '/"',
    ],
)
def test_what_two_programs_could_read_differently_is_refused(path: str) -> None:
    with pytest.raises(AmbiguousRequestError):
        read_path(path)


@pytest.mark.parametrize("method", ["", "get", "Get", "GET ", "GET\n", "GET,POST", "A" * 50])
def test_a_method_is_a_word_in_capitals(method: str) -> None:
    with pytest.raises(AmbiguousRequestError):
        read_method(method)


@given(st.text(alphabet="/.%2eEfF5cC;\\?#ab", max_size=20))
def test_whatever_is_read_holds_nothing_that_could_be_read_again(path: str) -> None:
    try:
        segments = read_path(path)
    except AmbiguousRequestError:
        return

    assert not {"", ".", ".."} & set(segments)
    assert not set("/\\%;?#") & set("".join(segments))
