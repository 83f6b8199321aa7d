from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import pytest

from benchmarks import meter
from benchmarks.__main__ import SIZES, command_of
from relance.concurrency import in_background


async def test_what_a_span_has_used_is_told_by_the_samples_at_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "SAMPLE_EVERY_S", 0.01)
    looks: list[datetime] = []
    enough = asyncio.Event()

    def look() -> dict[str, float]:
        looks.append(datetime.now(UTC))
        if len(looks) == 6:
            enough.set()
        return {"worker": float(len(looks))}

    samples = meter.CpuSamples(look)
    async with in_background(samples.keep_taking()):
        await enough.wait()
    assert samples.between(looks[1], looks[4]) == {"worker": 3.0}
    assert samples.between(looks[0], looks[0]) == {"worker": 0.0}


def test_twice_the_time_is_half_the_ratio() -> None:
    used = {"worker": 0.6, "mongod": 0.2, "harness": 5.0}
    once = meter.ratio_by_cpu(0.2, used)
    assert once == pytest.approx((os.cpu_count() or 1) * 0.2 / 0.8)
    assert meter.ratio_by_cpu(0.2, {kind: 2 * value for kind, value in used.items()}) == pytest.approx(once / 2)


def test_a_scale_makes_every_size_of_every_benchmark_smaller() -> None:
    assert command_of("wave-2", 0.1) == ["benchmarks.wave", "--invitations", "1000", "--processes", "2", "--json"]
    assert command_of("scaling", 0.5) == ["benchmarks.scaling", "--sizes", "5000", "50000", "--planned", "0", "--json"]
    assert all(command_of(name, 0.5) != command_of(name, 1) for name in SIZES)
