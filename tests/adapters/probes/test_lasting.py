"""A look that outlasts its deadline."""

from __future__ import annotations

import asyncio

import pytest

from relance.adapters.probes import lasting
from relance.adapters.probes.lasting import STILL_LOOKING, LastingProbe
from relance.errors import DependencyUnavailable
from relance.ports.health import ProbeReading


class Slow:
    """Looks until it is let go."""

    name, deadline = "slow", 0.05

    def __init__(self) -> None:
        self.looks = 0
        self.let_go = asyncio.Event()
        self.found: ProbeReading | Exception = ProbeReading(3.0, "", "2026-11")

    async def look(self) -> ProbeReading:
        self.looks += 1
        await self.let_go.wait()
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


async def test_a_look_in_time_is_told_at_once() -> None:
    slow = Slow()
    slow.let_go.set()
    probe = LastingProbe(slow)
    assert [(await probe.look()).value for _ in range(2)] == [3.0, 3.0]
    assert slow.looks == 2


async def test_a_look_that_outlasts_its_time_goes_on_and_the_newest_result_counts_meanwhile() -> None:
    slow = Slow()
    probe = LastingProbe(slow)
    assert [(await probe.look()).detail for _ in range(2)] == [STILL_LOOKING] * 2
    slow.let_go.set()
    assert (await probe.look()).value == 3.0
    assert slow.looks == 1
    slow.let_go.clear()
    slow.found = ProbeReading(0.0, "")
    assert (await probe.look()).value == 3.0
    slow.let_go.set()
    assert (await probe.look()).value == 0.0


async def test_what_a_late_look_raises_is_told_once_and_the_next_one_begins_anew() -> None:
    slow = Slow()
    slow.found = DependencyUnavailable("MongoDB", "away")
    probe = LastingProbe(slow)
    await probe.look()
    slow.let_go.set()
    with pytest.raises(DependencyUnavailable):
        await probe.look()
    slow.found = ProbeReading(1.0, "")
    assert (await probe.look()).value == 1.0


async def test_a_look_that_is_stuck_has_failed_and_nothing_is_left_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "LONGEST_S", 0.0)
    slow = Slow()
    probe = LastingProbe(slow)
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        await probe.look()
    assert asyncio.all_tasks() == before
    monkeypatch.undo()
    slow.let_go.set()
    assert (await probe.look()).value == 3.0
    assert slow.looks == 2
