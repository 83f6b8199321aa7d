"""What `cycle status --watch` shows of a ledger that takes long to count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from relance.cli.cycle.watching import Watch
from relance.contracts.cycle import CycleProgress, CycleStatistics, MailCounts
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.people import User
from relance.domain.invitations.unsent import PlanEnding
from relance.errors import DependencyUnavailable
from relance.ports import Page
from relance.services import cycle_snapshot as snapshot

PERIOD = "2026-11"
NOW = datetime(2026, 11, 5, 17, tzinfo=UTC)


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

    async def beyond(self, period: str) -> int:
        return 0

    async def too_late(self, period: str) -> tuple[int, int]:
        return 0, 0

    async def unreadable_count(self, period: str) -> int:
        return 0

    async def unnoted(self, period: str) -> AsyncIterator[list[str]]:
        yield ["u1", "u2"]


class Contacts:
    """Two users have six contacts."""

    async def count_of_users(self, user_ids: Sequence[str]) -> int:
        return 3 * len(user_ids)


class Users:
    """Four users."""

    async def pages(self) -> AsyncIterator[Page[User]]:
        yield Page([User.model_validate({"_id": f"u{one}", "status": "inactive"}) for one in range(1, 5)], "u4")


class Unsent:
    """All have a plan but the last one."""

    async def endings(self, period: str, user_ids: Sequence[str]) -> Mapping[str, PlanEnding]:
        return {user_id: PlanEnding(PlanStatus.PLANNED) for user_id in user_ids[:-1]}


class JobRuns:
    """The cycle has no balance yet."""

    async def statistics(self, period: str) -> CycleStatistics | None:
        return None


class Controls:
    """What the cycle was told."""

    def __init__(self) -> None:
        self.control = Control(id=PERIOD)

    async def get(self, period: str) -> Control:
        return self.control


class Data:
    """The part of a database that is asked."""

    def __init__(self) -> None:
        self.ledger, self.plans, self.contacts, self.controls = SlowLedger(), Plans(), Contacts(), Controls()
        self.users, self.unsent, self.job_runs = Users(), Unsent(), JobRuns()


class Watched(Watch):
    """Its workflow has sent so many."""

    sent = 0

    async def progress(self, period: str) -> CycleProgress | None:
        return CycleProgress(period=period, stage="sending", current_waves=(NOW,), counts=MailCounts(sent=self.sent))


def watched(data: Data) -> Watched:
    nothing = cast("Any", None)
    return Watched(nothing, nothing, cast("Any", data), PERIOD)


async def test_a_count_that_takes_long_is_not_waited_for_and_the_workflow_says_what_was_sent_since() -> None:
    data = Data()
    watch = watched(data)
    assert (await watch.snapshot()).ledger.sent == 2
    data.ledger.let_go.clear()
    for sent in (3, 5):
        watch.sent = sent
        found = await watch._watcher.look(0.01)
        assert found is not None
        shown, _ = found
        # Ten are noted on plans, and six belong to users whose plans are still to be sent.
        assert (shown.ledger.sent, shown.ledger.open, shown.settled, shown.total) == (sent, 10 - sent, sent, 19)
    # One count is under way, and whoever wants to know exactly waits for it.
    assert data.ledger.counts == 2
    data.ledger.sent = 6
    data.ledger.let_go.set()
    assert (await watch.snapshot()).ledger.sent == 6


async def test_after_a_long_count_the_ledger_has_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "LONG_S", 0.0)
    monkeypatch.setattr(snapshot, "RESTS", 1e9)
    data = Data()
    watch = watched(data)
    for _ in range(3):
        await watch._watcher.look(1.0)
    assert data.ledger.counts == 1
    monkeypatch.setattr(snapshot, "LONG_S", 60.0)
    fresh = watched(data)
    for _ in range(3):
        await fresh._watcher.look(60.0)
    assert data.ledger.counts == 4


async def test_a_paused_cycle_says_so_and_promises_nothing() -> None:
    data = Data()
    watch = watched(data)
    await watch._line()
    watch.sent, data.ledger.sent = 5, 5
    line = await watch._line()
    assert line.details[0] == "sending"
    assert any(detail.endswith("left") for detail in line.details)
    data.controls.control = Control(id=PERIOD, state=ControlState.PAUSED, by="ann", reason="lunch")
    watch.sent, data.ledger.sent = 6, 6
    for _ in range(3):
        line = await watch._line()
        assert line.details[0] == "paused by ann: lunch"
        assert not any(detail.endswith(("left", "/s")) for detail in line.details)
        assert (line.done, line.total) == (6, 19)


async def test_what_is_away_is_named_and_the_last_counts_stay() -> None:
    data = Data()
    watch = watched(data)
    await watch._line()

    async def away(period: str) -> Control:
        raise DependencyUnavailable("MongoDB", "gone")

    data.controls.get = away  # type: ignore[method-assign]
    line = await watch._line()
    assert line.details[0] == "MongoDB does not answer, trying again"
    assert (line.done, line.total) == (2, 19)
