"""`published_keys_accepted`: a process starts with no key, a published one, or a name for examples (issue 11, D2)."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from relance.runtime.process_exit import WRONG_USAGE
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY
from tests.outside.figure import Case, Figure, Stage, at_once, first_wrong
from tests.support import preloaded_starter
from tests.support.installation import ROOT

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
        for value in (None, "", published, f"{good},{published}", f" {published} ", f"{published},{good}"):
            for command in (worker, starter):
                yield name, command, _with(environment, {name: value})
    for role in ("all", "mail"):
        yield (
            "RELANCE_MAIL__SENDER_ADDRESS",
            ["worker.py", "--role", role],
            _with(environment, {"RELANCE_MAIL__REHEARSAL": None}),
        )


def accepted(setting: str, command: list[str], environment: Mapping[str, str]) -> str:
    """Return what is wrong with how a command starts that must refuse to, because of a setting; nothing if it does."""
    try:
        done = preloaded_starter.run(command[1:], environment, LIMIT_S, str(ROOT / command[0]))
    except subprocess.TimeoutExpired:
        return "it starts"
    keys = [key for name in PUBLISHED for key in environment.get(name, "").split(",") if key]
    return refusal(done, setting, keys)


def refusal(done: subprocess.CompletedProcess[str], setting: str, secrets: Iterable[str]) -> str:
    """Return what is wrong with a refusal, nothing if it names the setting with exit code 2 and quotes no secret."""
    said = done.stdout + done.stderr
    return first_wrong(
        [
            (done.returncode == WRONG_USAGE, f"exit code {done.returncode}: {said.strip()[-120:]}"),
            (setting in said, f"it does not name {setting}: {said.strip()[-120:]}"),
            ("Traceback" not in said, "it shows a traceback"),
            (not any(secret in said for secret in secrets), "it shows a secret"),
        ]
    )


async def cases(stage: Stage) -> list[Case]:
    """Start each on real servers."""
    async with stage.installation() as own:
        every = list(starts(own.environment))
        found = await at_once([partial(asyncio.to_thread, accepted, *one) for one in every])
    return [
        Case(f"{' '.join(command)} with {setting}={environment.get(setting, 'unset')[-30:]}", wrong)
        for (setting, command, environment), wrong in zip(every, found, strict=True)
    ]


def _with(environment: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    whole = {**os.environ, **environment, **changed}
    return {name: value for name, value in whole.items() if value is not None}


FIGURE = Figure(
    "published_keys_accepted", "D", "starts with a key that is missing or published, or a sender for examples", cases
)
