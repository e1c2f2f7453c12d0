"""Secrets that cannot be shown, and credentials of which no changed character passes."""

import copy
import json
import logging
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentry.model.ids import ID_LENGTH, encode_id
from consentry.model.secret import (
    CredentialKind,
    Secret,
    digest,
    format_credential,
    is_same_digest,
    kind_of,
    parse_credential,
)

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PLAIN = [kind for kind in CredentialKind if kind is not CredentialKind.REFRESH_TOKEN]
HIDDEN = "the-text-that-must-not-be-seen"

record_ids = st.builds(encode_id, st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
payloads = st.text(BASE62, min_size=43, max_size=43).map(Secret)


@given(st.sampled_from(PLAIN), record_ids, payloads)
def test_what_is_formatted_is_parsed_again(kind: CredentialKind, record_id: str, payload: Secret) -> None:
    text = format_credential(kind, record_id, payload).reveal()

    parsed = parse_credential(text, kind)

    assert parsed is not None
    assert (parsed.kind, parsed.id, parsed.payload.reveal()) == (kind, record_id, payload.reveal())
    assert is_same_digest(parsed.digest, digest(payload))
    assert kind_of(text) is kind


@given(st.sampled_from(PLAIN), record_ids, payloads, st.data())
def test_any_one_changed_character_is_refused(
    kind: CredentialKind, record_id: str, payload: Secret, data: st.DataObject
) -> None:
    text = format_credential(kind, record_id, payload).reveal()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([*BASE62, "_", "-", " ", "\0", "é", "\n"]).filter(lambda one: one != text[place]))

    assert parse_credential(text[:place] + other + text[place + 1 :], kind) is None


@given(st.sampled_from(PLAIN), record_ids, payloads, st.data())
def test_a_lost_added_or_swapped_character_is_refused(
    kind: CredentialKind, record_id: str, payload: Secret, data: st.DataObject
) -> None:
    text = format_credential(kind, record_id, payload).reveal()
    place = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    assert parse_credential(text[:place] + text[place + 1 :], kind) is None
    assert parse_credential(text[:place] + "0" + text[place:], kind) is None
    assert parse_credential(f"{text}\n", kind) is None
    assert parse_credential(f" {text}", kind) is None
    assert swapped == text or parse_credential(swapped, kind) is None


@given(st.text() | st.sampled_from(list(CredentialKind)).flatmap(lambda kind: st.text().map(lambda end: kind + end)))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    for kind in CredentialKind:
        assert parse_credential(text, kind) is None
    assert len(digest(Secret(text))) == 32


@pytest.mark.parametrize("kind", list(CredentialKind))
def test_a_credential_of_one_kind_is_none_of_another(kind: CredentialKind) -> None:
    length = 43 + 28 if kind is CredentialKind.REFRESH_TOKEN else 43
    text = format_credential(kind, "0" * ID_LENGTH, Secret("a" * length)).reveal()

    assert [one for one in CredentialKind if parse_credential(text, one) is not None] == [kind]


def test_a_prefixed_record_id_stands_in_the_text_without_its_prefix() -> None:
    text = format_credential(CredentialKind.API_KEY, "key_" + "1" * ID_LENGTH, Secret("a" * 43)).reveal()

    parsed = parse_credential(text, CredentialKind.API_KEY)

    assert parsed is not None
    assert parsed.id == "1" * ID_LENGTH


@given(payloads, payloads)
def test_different_secrets_have_different_texts_and_digests(one: Secret, other: Secret) -> None:
    assert (one.reveal() == other.reveal()) == is_same_digest(digest(one), digest(other))


def test_op_02_a_secret_shows_in_no_text_that_python_makes_of_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(HIDDEN)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{secret!s}", "%s %r" % (secret, secret)]  # noqa: UP031 - every way is tried
    shown += [repr([secret]), repr({"secret": secret}), json.dumps({"secret": secret}, default=str)]
    shown += [repr(copy.copy(secret)), repr(copy.deepcopy(secret))]
    key = format_credential(CredentialKind.API_KEY, "0" * 22, Secret("a" * 43))
    parsed = parse_credential(key.reveal(), CredentialKind.API_KEY)
    assert parsed is not None
    assert "a" * 43 not in repr(parsed)

    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("secret %s %r", secret, secret, extra={"secret": secret})
    for act in (lambda: f"{secret:>40}", lambda: json.dumps(secret), lambda: secret + "x", lambda: int(secret)):
        with pytest.raises(TypeError) as caught:
            act()
        shown.append("".join(traceback.format_exception(caught.value)))
    with pytest.raises(KeyError) as missing:
        {}[secret]
    shown.append(repr(missing.value))

    assert [text for text in (*shown, caplog.text) if HIDDEN in text] == []


def test_secrets_are_not_compared_with_equals() -> None:
    assert Secret("same") != Secret("same")
    assert not hasattr(Secret("same"), "__dict__")
