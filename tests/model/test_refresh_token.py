"""Refresh tokens: read back whole, and genuine only under the key of the server that made them. RFC 9700 §4.14.2."""

from string import ascii_letters, digits

from hypothesis import given
from hypothesis import strategies as st

from consentry.model.ids import FamilyId, encode_id
from consentry.model.refresh_token import RefreshToken, new_refresh_token, parse_refresh_token
from consentry.model.secret import CredentialKind, Secret, parse_credential

KEY, OTHER_KEY = b"k" * 32, b"K" * 32

families = st.builds(encode_id, st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10)).map(FamilyId)
generations = st.integers(1, 62**6 - 1)
secrets = st.text(ascii_letters + digits, min_size=43, max_size=43).map(Secret)
tokens = st.builds(new_refresh_token, families, generations, secrets, st.just(KEY))


@given(tokens)
def test_what_is_written_is_read_again_and_genuine(token: RefreshToken) -> None:
    parsed = parse_refresh_token(token.text().reveal())

    assert parsed is not None
    assert (parsed.family_id, parsed.generation, parsed.mac) == (token.family_id, token.generation, token.mac)
    assert parsed.secret.reveal() == token.secret.reveal()
    assert parsed.is_genuine(KEY)
    assert (parsed.digest, parsed.seal_key) == (token.digest, token.seal_key)


@given(tokens, st.data())
def test_any_one_changed_character_is_refused(token: RefreshToken, data: st.DataObject) -> None:
    text = token.text().reveal()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[place]))

    assert parse_refresh_token(text[:place] + other + text[place + 1 :]) is None


@given(tokens, families, generations, secrets, st.text("0123456789abcXYZ", min_size=22, max_size=22))
def test_a_forged_token_with_a_right_checksum_is_not_genuine(
    token: RefreshToken, family_id: FamilyId, generation: int, secret: Secret, mac: str
) -> None:
    for forged in (
        token._replace(family_id=family_id),
        token._replace(generation=generation),
        token._replace(secret=secret),
        token._replace(mac=mac),
        new_refresh_token(token.family_id, token.generation, token.secret, OTHER_KEY),
    ):
        read = parse_refresh_token(forged.text().reveal())
        assert read is not None
        if read.text().reveal() != token.text().reveal():
            assert not read.is_genuine(KEY)


@given(tokens, generations)
def test_a_digest_is_of_generation_and_secret(token: RefreshToken, generation: int) -> None:
    assert (token._replace(generation=generation).digest == token.digest) == (generation == token.generation)


@given(tokens)
def test_op_02_neither_secret_nor_key_shows(token: RefreshToken) -> None:
    assert token.secret.reveal() not in repr(token)
    assert token.text().reveal() not in f"{token} {token.text()}"
    assert token.seal_key not in (token.digest, token.secret.reveal().encode())


@given(st.text())
def test_rt_07_nothing_else_reads_as_a_refresh_token(text: str) -> None:
    assert parse_refresh_token(text) is None
    assert parse_refresh_token(CredentialKind.REFRESH_TOKEN + text) is None
    assert parse_credential(text, CredentialKind.REFRESH_TOKEN) is None
