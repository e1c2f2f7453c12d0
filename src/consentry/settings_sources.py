"""Where settings come from: a TOML file, overridden by environment variables; every fault names the place to mend."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Reader: TypeAlias = Callable[[object, Path], T]
"""Turns a value as written into a setting; the path is the folder at which a relative path starts.

Raises `BadValue`, with the problem and the remedy.
"""

PREFIX = "CONSENTRY_"
CONFIG_VARIABLE = "CONSENTRY_CONFIG"
"""Names the configuration file for a process that was given no `--config`."""

CONFIG_NAME = "consentry.toml"

# Kubernetes puts these into every container beside a Service that is named `consentry`; nobody meant them as settings.
_SERVICE_LINK = re.compile(r"CONSENTRY_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp)://\S+")


class SettingsError(Exception):
    """A setting cannot be used: which one, what is wrong, what to write instead. Never holds a secret's text."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{name} {problem} {remedy}")
        self.name = name
        self.problem = problem
        self.remedy = remedy


class BadValue(Exception):  # noqa: N818 - not a fault of the program: a reader's answer, always caught in this module
    """A value as written is no good; `GivenValues.read` adds where it stands."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Given:
    value: object
    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class GivenValues:
    """The values that an operator wrote, by setting; the environment's stand above the file's."""

    values: Mapping[str, _Given]
    home: Path

    def read(self, key: str, reader: Reader[T], default: T) -> T:
        """Return what `reader` makes of the value given for `key`, or the default.

        Raises:
            SettingsError: the value is no good; it names the key as the operator wrote it.
        """
        given = self.values.get(key)
        if given is None:
            return default
        try:
            return reader(given.value, given.folder)
        except BadValue as fault:
            raise SettingsError(given.name, fault.problem, fault.remedy) from None

    def name(self, key: str) -> str:
        """Return the setting's name as the operator wrote it, for a message."""
        return self.values[key].name if key in self.values else key

    def folder(self, key: str) -> Path:
        """Return the folder at which a relative path in the setting, given or default, starts."""
        return self.values[key].folder if key in self.values else self.home


def find_config(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file to read: the one given, the environment's, this folder's, or None."""
    if given is not None:
        return given
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    here = Path(CONFIG_NAME)
    return here if here.exists() else None


def gather(config: Path | None, environ: Mapping[str, str], known: frozenset[str]) -> GivenValues:
    """Collect what the file and the environment give.

    Raises:
        SettingsError: the file cannot be read or is not TOML, or a key in either place is unknown.
    """
    here = Path.cwd()
    values: dict[str, _Given] = {}
    home = here
    if config is not None:
        home = config.absolute().parent
        for key, value in _read_file(config).items():
            name = f"{key} in {config}"
            if key not in known:
                raise SettingsError(name, "is not a setting.", _suggestion(key, known))
            values[key] = _Given(value, name, home)
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or _is_service_link(variable, text):
            continue
        key = variable.removeprefix(PREFIX).lower()
        if key not in known or variable != variable.upper():
            suggestion = _suggestion(key, known, lambda near: PREFIX + near.upper())
            raise SettingsError(variable, "is not a setting.", suggestion)
        values[key] = _Given(text, variable, here)
    return GivenValues(values, home)


def _read_file(config: Path) -> dict[str, object]:
    try:
        with config.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise SettingsError(
            str(config), "does not exist.", "Make one with: consentry init; or name another with --config."
        ) from None
    except OSError as fault:
        problem = f"cannot be read: {fault.strerror or 'unknown reason'}."
        raise SettingsError(str(config), problem, "Make it readable, or name another with --config.") from None
    except UnicodeDecodeError:
        raise SettingsError(str(config), "is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as fault:
        problem = f"is not valid TOML: {fault}."
        raise SettingsError(str(config), problem, 'Write each setting as: key = "value".') from None


def _is_service_link(variable: str, text: str) -> bool:
    if variable == "CONSENTRY_PORT":
        return _SERVICE_ADDRESS.fullmatch(text) is not None
    return _SERVICE_LINK.fullmatch(variable) is not None


def _suggestion(key: str, known: frozenset[str], render: Callable[[str], str] = str) -> str:
    near = get_close_matches(key, sorted(known), n=1)
    if near:
        return f"Did you mean {render(near[0])}?"
    return "Remove it; docs/configuration.md lists every setting."
