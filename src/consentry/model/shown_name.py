"""Names that strangers choose and people trust: what stands on a consent screen must be what it seems.

Unicode Technical Standard 39 describes the attacks (look-alike letters, mixed scripts, invisible characters); what is
here needs no table but Python's own `unicodedata` and the few letters that have a Latin double.
"""

import re
import unicodedata

NAME_LENGTH = 80

_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# Fillers and selectors that are letters, symbols or marks by category, and still nothing to see.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
}

# Letters of another alphabet in the shape of Latin ones: bold, script, full width, circled.
_STYLED = ("<font>", "<wide>", "<circle>")

_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU"})

# Cyrillic and Greek letters that most typefaces draw as they draw a Latin letter.
_LATIN_DOUBLES = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u04af\u0475"
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u04ae\u04c0\u051a\u051c"
    "\u03bf\u03bd\u03c1\u03b9\u03ba\u03f2"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f9"
)

_MARKS_MOST = 3
_MARK_CATEGORIES = frozenset({"Mn", "Me"})


def clean_name(text: str) -> str:
    """Return `text` composed (NFC), trimmed, and with one ordinary space for each run of spaces of any kind."""
    return re.sub(r"[^\S\x00-\x1f\x85\u2028\u2029]+", " ", unicodedata.normalize("NFC", text)).strip(" ")


def find_name_fault(name: str) -> str | None:
    """Return what is wrong with a name that people will read on a consent screen, or None.

    Refused are control, invisible and direction-changing characters, piles of marks, and letters that make one name
    look like another (RFC 9700 §4.16 speaks of the page; this is about what stands on it).
    """
    if not name.strip():
        return "Enter a name."
    if len(name) > NAME_LENGTH:
        return f"The name is too long: use at most {NAME_LENGTH} characters."
    if any(character in _UNSEEN or unicodedata.category(character) in _UNSEEN_CATEGORIES for character in name):
        return "The name has an invisible or control character: type it again without special characters."
    if _has_piled_marks(name):
        return "The name has too many marks over or under one letter: type it again without them."
    return _find_look_alike(name)


def _has_piled_marks(name: str) -> bool:
    run = 0
    for character in name:
        run = run + 1 if unicodedata.category(character) in _MARK_CATEGORIES else 0
        if run > _MARKS_MOST:
            return True
    return False


def _find_look_alike(name: str) -> str | None:
    if any(unicodedata.decomposition(character).startswith(_STYLED) for character in name):
        return "The name has styled letters: type it again with plain ones."
    for word in re.findall(r"[^\W\d_]+", name):
        if len({_alphabet(letter) for letter in word} & _ALPHABETS) > 1:
            return "The name mixes letters of different alphabets in one word: write each word in one alphabet."
    foreign = [letter for letter in name if _alphabet(letter) in {"CYRILLIC", "GREEK"}]
    if foreign and all(letter in _LATIN_DOUBLES for letter in foreign):
        return "The name is written in letters that look like Latin ones and are not: type it with Latin letters."
    return None


def _alphabet(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]
