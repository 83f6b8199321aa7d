"""`markup_crashes`: a text of others is taken for markup, or steers the terminal of whoever reads it (SPEC section 13).

Each text becomes the note of a Schedule, the reason of a pause and of a silence, the name of people and a part of ids.
Every command that shows it must end as always and print neither a control character nor an error.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterable
from functools import partial

from relance import ids
from tests.cli.test_foreign_text import FOREIGN, STEERING
from tests.outside.figure import Case, Figure, Stage, at_once, first_wrong
from tests.outside.people import a_contact, a_user
from tests.support import preloaded_starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S

PERIOD = "2027-01"
SHOWN_LINES = 2
TEXTS = (
    *(text.replace("\0", "") for text in FOREIGN),
    "[/]",
    "[bold",
    "]]>[[",
    "[@click=app.bell]x[/]",
    "\\[/x]",
    "{0} %s %(x)s ${x}",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u2028\u2029\u200b\ufeff",
    "\U000e0041\ud83d",
    "=cmd|' /C calc'!A0",
    "-" * 300,
)


async def cases(stage: Stage) -> list[Case]:
    """Put each text everywhere, one after the other, and let every command show it."""
    async with stage.installation() as own:
        names = [a_user(f"u{n}", name=_storable(text)) for n, text in enumerate(TEXTS)]
        contacts = [a_contact(f"u{n}", _contact(n), f"c{n}@people.example") for n in range(len(TEXTS))]
        await own.load(names, [{**one, "name": _storable(text)} for one, text in zip(contacts, TEXTS, strict=True)])
        await own.start_worker()
        started = await _run(own, "schedules", "apply")
        result = await (await own.start_cycle(PERIOD)).result()
        begun = first_wrong(
            [(started.returncode == 0, _said(started)), (result.sent == len(TEXTS), f"{result.sent} mails")]
        )
        found = [Case("the month", begun)]
        for number, text in enumerate(TEXTS):
            found += await _shown(own, number, text)
        return found


def _contact(number: int) -> str:
    return f"c{number}"


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


async def _shown(own: Installation, number: int, text: str) -> list[Case]:
    """Write a text with those commands that take one, then read it with the others."""
    open_period = f"{2030 + number}-01"
    await own.start_cycle(open_period, send_now=False)
    written: Iterable[tuple[str, ...]] = (
        ("schedules", "pause", "monthly-cycle", f"--reason={text}"),
        ("cycle", "pause", open_period, f"--reason={text}", f"--by={text}"),
        ("alerts", "silence", "--rule=*", f"--subject=s{number}", "--for=1h", f"--reason={text}", f"--by={text}"),
    )
    read: Iterable[tuple[str, ...]] = (
        ("schedules", "list"),
        ("cycle", "status", open_period),
        ("alerts", "list"),
        ("why", ids.invitation_id(PERIOD, f"u{number}", _contact(number))),
        ("why", f"{PERIOD}.u1.{text}"),
        ("why", "--contact", text),
        ("alerts", "show", text),
        ("cycle", "status", text),
    )
    found = [_judged(words, text, await _run(own, *words)) for words in written]
    ran = await at_once([partial(_run, own, *words) for words in read])
    return [*found, *(_judged(words, text, done) for words, done in zip(read, ran, strict=True))]


async def _run(own: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(preloaded_starter.run, words, {**os.environ, **own.environment}, PATIENCE_S)


def _judged(words: tuple[str, ...], text: str, done: subprocess.CompletedProcess[str]) -> Case:
    said = done.stdout + done.stderr
    steering = STEERING & set(said)
    checks = [
        (done.returncode in {0, 1, 2}, f"exit code {done.returncode}: {_said(done)}"),
        ("MarkupError" not in said and "Traceback" not in said, "it crashes"),
        ("unexpected" not in said, _said(done)),
        (not steering, f"it prints {sorted(map(hex, map(ord, steering)))}"),
    ]
    return Case(f"{' '.join(words[:2])} of {text[:40]!r}", first_wrong(checks))


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).splitlines()[-SHOWN_LINES:])[-160:]


FIGURE = Figure(
    "markup_crashes", "H", "commands that a text of others crashes or that pass on what steers a terminal", cases
)
