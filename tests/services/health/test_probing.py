from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from relance.adapters.clock import SystemClock
from relance.domain.health.status import Trouble
from relance.errors import (
    DependencyUnavailable,
    MailRefused,
    NotFound,
    ReportRefused,
    ReportUnavailable,
    ReportUnusable,
)
from relance.ports import ProbeReading
from relance.services.health_checks import run_probes


@dataclass
class AProbe:
    """Does what it is told; `look` never ends if it `hangs`, not even when it is cancelled."""

    name: str
    does: Callable[[], Awaitable[ProbeReading]]
    deadline: float = 0.2

    async def look(self) -> ProbeReading:
        return await self.does()


async def finds() -> ProbeReading:
    return ProbeReading(12.3456, "ms", "a detail")


async def hangs() -> ProbeReading:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not STUBBORN:
                raise
            STUBBORN.pop()


STUBBORN: list[int] = []


def raising(error: Exception) -> Callable[[], Awaitable[ProbeReading]]:
    async def fail() -> ProbeReading:
        raise error

    return fail


async def test_a_look_has_its_value_unit_and_detail() -> None:
    (look,) = await run_probes([AProbe("a", finds)], SystemClock())
    assert (look.probe, look.value, look.unit, look.detail, look.trouble) == ("a", 12.346, "ms", "a detail", None)


async def test_what_hangs_holds_up_nobody_even_if_it_cannot_be_cancelled() -> None:
    STUBBORN.append(1)
    begun = time.monotonic()
    looks = await run_probes([AProbe("stuck", hangs), AProbe("also", hangs), AProbe("fine", finds)], SystemClock())
    assert time.monotonic() - begun < 1
    assert [look.trouble for look in looks] == [Trouble.TIMEOUT, Trouble.TIMEOUT, None]
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "AProbe" in repr(task.get_coro()):
            task.cancel()


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (DependencyUnavailable("MongoDB", "on demand"), Trouble.UNREACHABLE),
        (MailRefused(554, "no", "connect"), Trouble.REFUSED),
        (ReportRefused("the key", 401), Trouble.REFUSED),
        (ReportUnavailable("Everflow", "slow down", code="429"), Trouble.REFUSED),
        (ReportUnavailable("Everflow", "down", code="503"), Trouble.UNREACHABLE),
        (ReportUnusable("shape", "odd"), Trouble.ERROR),
        (NotFound("nothing"), Trouble.ERROR),
        (ValueError("an address: ann@example.org"), Trouble.ERROR),
    ],
)
async def test_whatever_goes_wrong_is_a_result_with_a_code(
    error: Exception, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    looks = await run_probes([AProbe("a", raising(error)), AProbe("b", finds)], SystemClock())
    assert [look.trouble for look in looks] == [trouble, None]
    assert "@" not in caplog.text
