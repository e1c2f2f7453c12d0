"""Names on the consent screen are what they seem."""

import pytest

from consentry.model.shown_name import clean_name, find_name_fault


@pytest.mark.parametrize(
    "name",
    [
        "Ledgerly",
        "A",
        "x" * 80,
        "Nº 1 Gestión & Söhne™ (beta)",
        "Яндекс Деньги",
        "Яндекс Books",
        "Ελληνικά Λογιστικά",
        "会計ソフト 2",
        "חשבונית",
        "ใบแจ้งหนี้",
        "O'Brien <b>Books</b> {{7*7}}",
    ],
)
def test_an_honest_name_is_accepted(name: str) -> None:
    assert find_name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Enter a name"),
        ("   ", "Enter a name"),
        ("x" * 81, "too long"),
        ("x" * 5000, "too long"),
        ("Led\u202egerly", "invisible"),
        ("Led\u200bgerly", "invisible"),
        ("Led\x00gerly", "invisible"),
        ("Led\ngerly", "invisible"),
        ("Led\u2066gerly\u2069", "invisible"),
        ("Led\ud800gerly", "invisible"),
        ("Led\u3164gerly", "invisible"),
        ("Led\ufe0fgerly", "invisible"),
        ("Le" + "\u0301" * 4 + "dgerly", "marks"),
        ("P\u0430ypal", "different alphabets"),
        ("L\u03b5dgerly", "different alphabets"),
        ("\u0430\u0440\u0440\u04cf\u0435", "look like Latin"),
        ("\u0430\u0440\u0440\u04cf\u0435 Books", "look like Latin"),
        ("\uff30\uff41\uff59pal", "styled"),
        ("\U0001d40bedgerly", "styled"),
    ],
)
def test_cs_08_a_name_that_is_not_what_it_seems_is_refused(name: str, said: str) -> None:
    fault = find_name_fault(name)

    assert fault is not None
    assert said in fault


def test_spaces_of_every_kind_are_trimmed_and_become_one() -> None:
    assert clean_name(" \u00a0Led\u2003 gerly\u3000") == "Led gerly"


def test_trimming_never_hides_a_control_character() -> None:
    assert find_name_fault(clean_name("Ledgerly\n")) is not None
