"""The variables that lead other terminals to a stack: on the screen, and in a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from relance.errors import InvalidInput

_SECRET = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|URI|URL")


def lines(environment: Mapping[str, str]) -> list[str]:
    """Return lines for a shell."""
    return [f"export {name}={_quoted(value)}" for name, value in environment.items()]


def shown(environment: Mapping[str, str], own: Mapping[str, str]) -> str:
    """Return the same for a screen.

    What may be a secret is shown only if it is `own`, made for this stack, and else named.
    """
    hidden = [name for name, value in environment.items() if _SECRET.search(name) and own.get(name) != value]
    text = lines({name: value for name, value in environment.items() if name not in hidden})
    if hidden:
        text.append(f"# not shown, because your own settings hold them: {', '.join(hidden)}; --env-file writes them")
    return "\n".join(text)


def write(file: Path, environment: Mapping[str, str]) -> None:
    """Write them into a file that nobody else may read, for `. FILE`.

    Raises:
        InvalidInput: it cannot be written.
    """
    try:
        # Not after the fact: it holds keys.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            os.fchmod(output.fileno(), 0o600)
            output.writelines(f"{line}\n" for line in lines(environment))
    except OSError as error:
        reason = f"nothing can be written to {file} ({error.strerror})"
        raise InvalidInput("--env-file", reason, "name another file") from None


def _quoted(value: str) -> str:
    escaped = value.replace("'", "'\\''")
    return f"'{escaped}'"
