"""`published_keys_accepted`: a process starts with no key, a published one, or a name for examples (issue 11, D2)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from relance.runtime.exit import WRONG_USAGE
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY
from tests.installation import ROOT

PUBLISHED = {
    SUPPRESSION_KEY: "development-only-suppression-key-00000",
    LINK_KEY: "development-only-link-signing-key-000000",
}
LIMIT_S = 60.0


def starts(environment: Mapping[str, str]) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Yield what must not start: the setting that is at fault, the command and its environment.

    `environment` leads to running servers, with which everything else is in order.
    """
    worker, starter = ["worker.py", "--role", "mail"], ["starter.py", "cycle", "status", "2026-11"]
    for name, published in PUBLISHED.items():
        good = environment[name]
        for value in (None, published, f"{good},{published}"):
            for command in (worker, starter):
                yield name, command, _with(environment, {name: value})
    for role in ("all", "mail"):
        yield (
            "RELANCE_MAIL__SENDER_ADDRESS",
            ["worker.py", "--role", role],
            _with(environment, {"RELANCE_MAIL__REHEARSAL": None}),
        )


def published_keys_accepted(environment: Mapping[str, str]) -> int:
    """Start each; return how many did not end with exit code 2 and the name of the setting."""
    return sum(not refused(*one) for one in starts(environment))


def refused(setting: str, command: list[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a command refuses to start because of a setting."""
    try:
        done = subprocess.run(
            [sys.executable, str(ROOT / command[0]), *command[1:]],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    keys = [key for name in PUBLISHED for key in environment.get(name, "").split(",") if key]
    said = done.stdout + done.stderr
    quoted = any(key in said for key in keys)
    return done.returncode == WRONG_USAGE and setting in said and "Traceback" not in said and not quoted


def _with(environment: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    whole = {**os.environ, **environment, **changed}
    return {name: value for name, value in whole.items() if value is not None}
