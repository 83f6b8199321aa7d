"""The error gate of the cycles this process sends for: one per period and stretch of running (SPEC C10)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

from relance.domain.control import Control
from relance.domain.error_gate import ErrorGate, GatePolicy, Trip
from relance.domain.failures import Failure
from relance.ports import Deferred, Failed, Result, Sent

LOOK_EVERY = 0.5
"""Seconds until a connection that waits for the canary looks whether the cycle was stopped."""

Pull: TypeAlias = Callable[[str, Trip], Awaitable[None]]
"""Pauses a period's cycle and tells people; safe to be repeated."""


class Gate(Protocol):
    """What a connection asks before it claims a mail, and tells after."""

    def admit(self) -> bool:
        """Tell whether a mail may be claimed now; what was admitted is noted or given back."""

    async def turn(self, stop: Callable[[], bool]) -> bool:
        """Wait to be admitted; return False when `stop()` says so before."""

    def give_back(self) -> None:
        """Say that what was admitted was not sent."""

    def note(self, result: Result) -> None:
        """Say what became of it."""

    def refused_us(self, failure: Failure) -> None:
        """Say that the relay does not even talk to us."""


class OpenGate:
    """For mails that nothing holds back: reminders and later tries."""

    def admit(self) -> bool:
        """Always."""
        return True

    async def turn(self, stop: Callable[[], bool]) -> bool:
        """At once."""
        return not stop()

    def give_back(self) -> None:
        """Counts nothing."""

    def note(self, result: Result) -> None:
        """Counts nothing."""

    def refused_us(self, failure: Failure) -> None:
        """Counts nothing."""


OPEN_GATE = OpenGate()


class PeriodGate:
    """Counts the results of one period; when it closes, the cycle is paused without waiting for its batches."""

    def __init__(self, period: str, policy: GatePolicy, pull: Pull) -> None:
        self._period = period
        self._gate = ErrorGate(policy)
        self._pull = pull
        self._news = asyncio.Event()
        self._pulling: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        """Whether errors have stopped the cycle."""
        return self._gate.trip is not None

    def admit(self) -> bool:
        """Tell whether a mail may be claimed now."""
        return self._gate.admit()

    async def turn(self, stop: Callable[[], bool]) -> bool:
        """Wait to be admitted; return False when `stop()` says so before."""
        while not stop():
            if self._gate.admit():
                return True
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news.wait()
        return False

    def give_back(self) -> None:
        """Say that what was admitted was not sent."""
        self._gate.give_back()
        self._news.set()

    def note(self, result: Result) -> None:
        """Say what became of a mail."""
        if isinstance(result, Sent):
            self._gate.succeeded()
        elif isinstance(result, Failed):
            self._gate.failed()
        else:
            self._gate.undecided()
        if isinstance(result, Deferred | Failed):
            self._gate.refused_us(result.failure)
        self._told()

    def refused_us(self, failure: Failure) -> None:
        """Say that the relay does not even talk to us."""
        self._gate.refused_us(failure)
        self._told()

    async def stopped(self) -> None:
        """Return when the cycle is paused.

        Raises:
            DependencyUnavailable: it could not be; this may be asked again.
        """
        trip = self._gate.trip
        if trip is None:
            return
        if self._pulling is None or (self._pulling.done() and self._pulling.exception() is not None):
            self._pulling = asyncio.ensure_future(_run(self._pull(self._period, trip)))
        await asyncio.shield(self._pulling)

    def _told(self) -> None:
        self._news.set()
        if self._gate.trip is not None and self._pulling is None:
            self._pulling = asyncio.ensure_future(_run(self._pull(self._period, self._gate.trip)))


class Gates:
    """The gates of a process; whoever resumes a cycle opens a new one."""

    def __init__(self, policy: GatePolicy, pull: Pull) -> None:
        self._policy = policy
        self._pull = pull
        self._gates: dict[str, tuple[Control, PeriodGate]] = {}

    def of(self, control: Control) -> PeriodGate:
        """Return the gate of a cycle that runs since it was told so last."""
        known = self._gates.get(control.id)
        if known is None or known[0] != control:
            known = self._gates[control.id] = control, PeriodGate(control.id, self._policy, self._pull)
        return known[1]


async def _run(pulled: Awaitable[None]) -> None:
    await pulled
