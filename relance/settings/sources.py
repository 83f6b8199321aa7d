"""Where settings come from, and what must not be there: names that nobody reads (SPEC section 10)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from relance.errors import SettingsError

PREFIX, DELIMITER = "RELANCE_", "__"
SECRETS_DIR = "RELANCE_SECRETS_DIR"
OTHERS = frozenset({SECRETS_DIR, "RELANCE_SUPERVISOR_FD"})
"""Names of ours that are no settings: the folder of the secrets, and how a supervisor finds its children."""


def secrets_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder whose files are settings; None if there is none.

    Raises:
        SettingsError: it is named and cannot be read.
    """
    named = environment.get(SECRETS_DIR)
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise SettingsError(f"{SECRETS_DIR}: there is no folder {named}; create it, or unset the variable")
    for file in _files(folder):
        try:
            file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{SECRETS_DIR}: {file.name} cannot be read ({type(error).__name__})") from None
    return folder


def check_names(
    groups: Mapping[str, type[BaseModel]], folder: Path | None, environment: Mapping[str, str] = os.environ
) -> None:
    """Refuse every name in our environment, in `.env` and in the folder of secrets that is no setting.

    A misspelt name would otherwise leave a default in force, unnoticed.

    Raises:
        SettingsError: names each, where it stands, and the setting it may mean.
    """
    known = {
        f"{PREFIX}{group}{DELIMITER}{field}".upper() for group, model in groups.items() for field in model.model_fields
    }
    known |= OTHERS | {f"{PREFIX}{group}".upper() for group in groups}
    found = [
        *(("", name) for name in environment if name.upper().startswith(PREFIX)),
        *((" in .env", name) for name in _dotenv() if name.upper().startswith(PREFIX)),
        *((f" in {folder}", file.name) for file in (_files(folder) if folder else ())),
    ]
    unknown = [f"{name}{where}: {_meant(name, known)}" for where, name in found if name.upper() not in known]
    if unknown:
        raise SettingsError("; ".join(unknown))


def _files(folder: Path) -> Iterator[Path]:
    # Kubernetes keeps the files of a volume behind links whose names begin with two dots.
    return (file for file in sorted(folder.iterdir()) if not file.name.startswith(".") and not file.is_dir())


def _dotenv() -> Iterable[str]:
    try:
        return dotenv_values(".env", interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env: cannot be read ({type(error).__name__})") from None


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name.upper(), known, n=1)
    return "there is no such setting" + (f"; did you mean {close[0]}?" if close else "; see docs/configuration.md")


def sentence(problem: ErrorDetails) -> str:
    """Return what is wrong, in words of our own where the library's say nothing to who runs this."""
    text = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        text = "there is no such setting; see docs/configuration.md"
    # What concerns several groups names its variables itself.
    return f"{_variable(problem['loc'])}: {text}" if problem["loc"] else text


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + DELIMITER.join(str(part).upper() for part in location)
