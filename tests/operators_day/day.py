"""The day itself: a stack that a person started, the commands of the documents, and what each of them showed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.operators_day.facts import Facts
from tests.operators_day.figures import SLOW_S, Figures, silence_limit
from tests.support.screen import Session, Size

ROOT = Path(__file__).parents[2]
STARTER = (sys.executable, "starter.py")
LIMIT_S = 150.0
TOLD_TO_WAIT = ("dev", "demo", "doctor", "--wait", "--watch")
BAR = re.compile(r"^\S+ [━─]+ ")

PROCESSES = {"MongoDB": "mongod", "Temporal": "start-dev", "mailbox": "relance.devstack.mailbox", "worker": "worker.py"}


@dataclass(frozen=True)
class Shown:
    """What a command showed until it ended."""

    name: str
    code: int | None
    text: str
    raw: str
    cpu_s: float


@dataclass
class Day:
    """Runs commands against the stack of `dev`, and takes down what was wrong with them."""

    figures: Figures
    say: Callable[[str], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    dev: Session | None = None

    def session(self, *arguments: str, columns: int = 120) -> Session:
        """Begin a command in a terminal of its own."""
        return Session([*STARTER, *arguments], {**os.environ, **self.environment}, str(ROOT), Size(columns))

    async def run(self, *arguments: str, code: int = 0, columns: int = 120, limit_s: float = LIMIT_S) -> Shown:
        """Run a command to its end."""
        session = self.session(*arguments, columns=columns)
        await asyncio.to_thread(session.wait, limit_s)
        shown = self.take("starter.py " + " ".join(arguments), session)
        self.state(shown.name, shown.code == code, f"exit code {shown.code} instead of {code}: {shown.text[-300:]}")
        return shown

    async def asked(self, *arguments: str, answer: str, code: int = 0) -> Shown:
        """Run a command that asks a question before it does anything, and answer it."""
        session = self.session(*arguments)
        asks = await asyncio.to_thread(session.until, lambda text: "[y/N]" in text, LIMIT_S)
        if asks:
            session.type(answer)
        await asyncio.to_thread(session.wait, LIMIT_S)
        shown = self.take("starter.py " + " ".join(arguments), session)
        if not asks:
            self.figures.unasked_destruction.append(shown.name)
        self.state(shown.name, shown.code == code, f"exit code {shown.code} instead of {code}: {shown.text[-300:]}")
        return shown

    def take(self, name: str, session: Session, *, bars: int = 1) -> Shown:
        """Take down how a session went that has ended."""
        shown = Shown(name, session.code, session.unwrapped, session.raw, session.cpu_s)
        figures = self.figures
        figures.commands += 1
        if session.code is None or session.code < 0:
            figures.hangs.append(f"{name}: did not end")
        self.silent(name, session)
        if "Traceback (most recent call last)" in shown.text:
            figures.tracebacks.append(name)
        drawn = [line for line in session.lines if BAR.match(line)]
        figures.stale_lines += [f"{name}: {line}" for line in drawn[bars:]]
        if session.cpu_s > SLOW_S and not any(word in name.split() for word in TOLD_TO_WAIT):
            figures.commands_over_1s.append(name)
        session.close()
        self.say(f"{name}: {shown.code}, {shown.cpu_s:.2f} s of processor time")
        return shown

    def silent(self, name: str, session: Session) -> None:
        """Take down a silence that lasted too long."""
        if session.silence_s > silence_limit():
            self.figures.hangs.append(f"{name}: silent for {session.silence_s:.0f} s")

    def state(self, name: str, holds: object, otherwise: str) -> None:
        """Take down a statement, which is wrong unless it holds."""
        self.figures.statements += 1
        if not holds:
            self.figures.wrong_statements.append(f"{name}: {otherwise}")
            self.say(f"  WRONG {name}: {otherwise}")

    def part(self, name: str) -> psutil.Process:
        """Return the process of a part of the stack."""
        assert self.dev is not None
        for process in psutil.Process(self.dev.pid).children(recursive=True):
            try:
                command = process.cmdline()
            except psutil.Error:
                continue
            if any(PROCESSES[name] in word for word in command) and not any("guard.py" in word for word in command):
                return process
        raise AssertionError(f"{name} does not run")

    def kill(self, name: str) -> None:
        """End a part as nobody should."""
        self.say(f"-- {name} is killed")
        self.part(name).kill()

    def stop(self, name: str) -> psutil.Process:
        """Hold a part, so that it answers no more and is still there; return it, to be resumed."""
        self.say(f"-- {name} is held")
        process = self.part(name)
        process.send_signal(signal.SIGSTOP)
        return process


@dataclass
class Keeper:
    """Looks after each command whether anything went away that nobody asked to lose."""

    facts: Facts
    figures: Figures
    seen: dict[str, int] = field(default_factory=dict)

    async def look(self, after: str) -> None:
        """Compare with what there was before."""
        now = await self.facts.kept()
        gone = {name: self.seen[name] - count for name, count in now.items() if count < self.seen.get(name, 0)}
        if gone:
            self.figures.unasked_destruction.append(f"{after}: {gone}")
        self.seen = now


def last_json(shown: Shown) -> dict[str, Any]:
    """Return the object a command printed with `--json`."""
    found: dict[str, Any] = json.loads(shown.raw.strip().splitlines()[-1])
    return found


def number(shown: Shown, row: str) -> int | None:
    """Return the number in a row of a table: `│ sent │ 12 │`."""
    found = re.search(rf"│ {re.escape(row)} +│ ([0-9,]+) ", shown.text)
    return int(found[1].replace(",", "")) if found else None
