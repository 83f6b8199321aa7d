"""What `cycle status --watch` shows of a ledger that takes long to count."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from relance.cli.cycle import watching
from relance.cli.cycle.watching import Watch
from relance.contracts.cycle import Counts, CycleProgress

PERIOD = "2026-11"


class SlowLedger:
    """Counts when it is let go."""

    def __init__(self) -> None:
        self.counts = 0
        self.sent = 2
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def outcomes(self, period: str, counted: object = None) -> list[Mapping[str, Any]]:
        self.counts += 1
        await self.let_go.wait()
        one = {"reason": None, "class": None}
        return [
            {**one, "status": "sent", "sent": True, "count": self.sent},
            {**one, "status": "queued", "sent": False, "count": 10 - self.sent},
        ]


class Plans:
    """Ten contacts."""

    async def expected(self, period: str) -> int:
        return 10

    async def open_count(self, period: str) -> int:
        return 0

    async def too_late(self, period: str) -> tuple[int, int]:
        return 0, 0

    async def unreadable_count(self, period: str) -> int:
        return 0


class Data:
    """The part of a database that is asked."""

    def __init__(self) -> None:
        self.ledger, self.plans = SlowLedger(), Plans()


class Watched(Watch):
    """Its workflow has sent so many."""

    sent = 0

    async def progress(self) -> CycleProgress | None:
        return CycleProgress(period=PERIOD, counts=Counts(sent=self.sent))


def watched(data: Data) -> Watched:
    nothing = cast("Any", None)
    return Watched(nothing, nothing, cast("Any", data), PERIOD, _contacts_per_user=10.0)


async def test_a_count_that_takes_long_is_not_waited_for_and_the_workflow_says_what_was_sent_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "PROMPT_S", 0.01)
    data = Data()
    watch = watched(data)
    assert (await watch.snapshot()).ledger.sent == 2
    data.ledger.let_go.clear()
    for sent in (3, 5):
        watch.sent = sent
        shown = await watch._snapshot(0.01)
        assert (shown.ledger.sent, shown.ledger.open, shown.settled, shown.expected) == (sent, 10 - sent, sent, 10)
    # One count is under way, and whoever wants to know exactly waits for it.
    assert data.ledger.counts == 2
    data.ledger.sent = 6
    data.ledger.let_go.set()
    assert (await watch.snapshot()).ledger.sent == 6


async def test_after_a_long_count_the_ledger_has_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PROMPT_S", 0.0)
    monkeypatch.setattr(watching, "RESTS", 1e9)
    data = Data()
    watch = watched(data)
    for _ in range(3):
        await watch._snapshot(1.0)
    assert data.ledger.counts == 1
    monkeypatch.setattr(watching, "PROMPT_S", 60.0)
    fresh = watched(data)
    for _ in range(3):
        await fresh._snapshot(60.0)
    assert data.ledger.counts == 4
