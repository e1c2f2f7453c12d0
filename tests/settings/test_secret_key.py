"""The secret key: made once for SQLite, demanded elsewhere, never weak. Threat OP-07."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consentry.secret_key import derive_key, find_or_make_secret_key
from consentry.settings import SettingsError, load_guard_settings, load_settings


def test_op_07_a_fresh_sqlite_installation_makes_its_own_key_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    first = load_settings(None, {})
    second = load_settings(None, {})

    assert len(first.secret_key.reveal()) == 43
    assert second.secret_key.reveal() == first.secret_key.reveal()


def test_op_07_two_installations_have_different_keys(tmp_path: Path) -> None:
    one = find_or_make_secret_key(tmp_path / "one.sqlite3")
    other = find_or_make_secret_key(tmp_path / "other.sqlite3")

    assert one.reveal() != other.reveal()


def test_op_07_the_key_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    find_or_make_secret_key(tmp_path / "data.sqlite3")

    file = tmp_path / "data.sqlite3.secret-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_op_07_a_key_file_that_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    find_or_make_secret_key(tmp_path / "data.sqlite3")
    (tmp_path / "data.sqlite3.secret-key").chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        find_or_make_secret_key(tmp_path / "data.sqlite3")


def test_op_07_an_empty_key_file_is_refused_rather_than_used(tmp_path: Path) -> None:
    file = tmp_path / "data.sqlite3.secret-key"
    file.touch(mode=0o600)

    with pytest.raises(SettingsError, match="too short"):
        find_or_make_secret_key(tmp_path / "data.sqlite3")


def test_op_07_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = list(threads.map(find_or_make_secret_key, [tmp_path / "data.sqlite3"] * 64))

    assert len({key.reveal() for key in keys}) == 1


def test_op_07_a_database_that_several_machines_share_demands_a_key() -> None:
    with pytest.raises(SettingsError, match="CONSENTRY_SECRET_KEY"):
        load_settings(None, {"CONSENTRY_DATABASE_URL": "postgresql://db/consentry"})


ON_POSTGRES = {"CONSENTRY_DATABASE_URL": "postgresql://db/consentry"}


def test_a_guard_needs_no_key(tmp_path: Path) -> None:
    on_sqlite = {"CONSENTRY_DATABASE_URL": f"sqlite:///{tmp_path / 'data.sqlite3'}"}

    assert [load_guard_settings(None, given).secret_key.reveal() for given in (ON_POSTGRES, on_sqlite)] == ["", ""]
    assert list(tmp_path.iterdir()) == []


def test_a_guard_that_hands_out_nonces_needs_the_servers_key_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="with dpop_nonces a guard needs it: the nonces are the server's"):
        load_guard_settings(None, {**ON_POSTGRES, "CONSENTRY_DPOP_NONCES": "true"})

    beside = {"CONSENTRY_DATABASE_URL": f"sqlite:///{tmp_path / 'data.sqlite3'}", "CONSENTRY_DPOP_NONCES": "true"}
    assert load_guard_settings(None, beside).secret_key.reveal() == load_settings(None, beside).secret_key.reveal()


def test_op_07_a_guard_takes_no_weak_key_either() -> None:
    with pytest.raises(SettingsError, match="CONSENTRY_SECRET_KEY"):
        load_guard_settings(None, {**ON_POSTGRES, "CONSENTRY_SECRET_KEY": "changeme"})


def test_op_07_nothing_is_derived_from_a_key_that_is_not_there() -> None:
    settings = load_guard_settings(None, ON_POSTGRES)

    with pytest.raises(SettingsError, match="Set CONSENTRY_SECRET_KEY as it is for the server"):
        derive_key(settings.secret_key, "signing keys")


@pytest.mark.parametrize("weak", ["", "changeme", "short-but-random-K3j9", "a" * 64, "abcd" * 16])
def test_op_07_a_weak_key_is_refused(weak: str) -> None:
    with pytest.raises(SettingsError, match="CONSENTRY_SECRET_KEY"):
        load_settings(None, {"CONSENTRY_SECRET_KEY": weak})


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="absent"):
        find_or_make_secret_key(tmp_path / "absent" / "data.sqlite3")
