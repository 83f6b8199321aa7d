"""Each dependency is broken and mended in turn: people hear of it once, and once that it is over (SPEC H2)."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from relance.domain.alerts.model import Rule
from relance.domain.health.probes import ProbeName
from tests.faults.health.house import (
    AGAIN_S,
    DEADLINE_S,
    FAIL_AFTER,
    PERIOD_S,
    RECOVER_AFTER,
    House,
    a_house,
    now,
)
from tests.faults.health.told import heard
from tests.faults.scenario import Say, Scenario

DELIVERY_S = 5.0
"""What the alert's own workflow and a busy machine may take besides."""
DETECTED_WITHIN_S = PERIOD_S + FAIL_AFTER * DEADLINE_S + (FAIL_AFTER - 1) * AGAIN_S + DELIVERY_S
OVER_WITHIN_S = PERIOD_S + RECOVER_AFTER * DEADLINE_S + (RECOVER_AFTER - 1) * AGAIN_S + DELIVERY_S
GIVEN_UP_S = 40.0
QUIET_S = 1.0
"""For so long is waited whether a second message comes."""
LOOK_EVERY_S = 0.1

Act = Callable[[House], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """How a dependency is broken and mended; it may show as more than one rule.

    With `restarts` a worker is replaced for it, and the fault is there when the new one serves.
    """

    name: str
    rules: Sequence[tuple[Rule, ProbeName]]
    break_: Act
    mend: Act
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class Fared:
    """How one outage was noticed and told."""

    name: str
    detected_s: float
    over_s: float
    alerts: int
    resolutions: int
    seen_by: str = "chat"
    problems: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether people heard of it once, in time, and once that it was over."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "detected_s": round(self.detected_s, 2),
            "over_s": round(self.over_s, 2),
            "alerts": self.alerts,
            "resolutions": self.resolutions,
            "seen_by": self.seen_by,
            "holds": self.holds,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all of them."""

    fared: Sequence[Fared]
    stray: Sequence[str]
    duration_s: float
    limits: dict[str, float] = field(
        default_factory=lambda: {"detected_within_s": DETECTED_WITHIN_S, "over_within_s": OVER_WITHIN_S}
    )

    @property
    def holds(self) -> bool:
        """Whether each was told once, and nothing else was told."""
        return all(one.holds for one in self.fared) and not self.stray

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "period_s": PERIOD_S,
            **self.limits,
            "dependencies": {one.name: one.as_dict() for one in self.fared},
            "alerts": sum(one.alerts for one in self.fared),
            "resolutions": sum(one.resolutions for one in self.fared),
            "stray": list(self.stray),
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def _async(call: Callable[[], None]) -> None:
    call()


TROUBLES = (
    Trouble(
        "mail-relay",
        [(Rule.MAIL_RELAY, ProbeName.MAIL_RELAY)],
        lambda house: house.mailbox.kill(),
        lambda house: house.mailbox.start(),
    ),
    Trouble(
        "everflow",
        [(Rule.EVERFLOW_DOWN, ProbeName.EVERFLOW)],
        lambda house: _async(house.everflow.freeze),
        lambda house: _async(house.everflow.thaw),
    ),
    Trouble(
        "mongodb-frozen",
        [(Rule.MONGODB, ProbeName.MONGODB)],
        lambda house: _async(house.mongo.freeze),
        lambda house: _async(house.mongo.thaw),
    ),
    Trouble(
        "mongodb-killed",
        [(Rule.MONGODB, ProbeName.MONGODB)],
        lambda house: house.mongo.kill(),
        lambda house: house.mongo.start(),
    ),
    Trouble(
        "thresholds",
        [
            (Rule.MEMORY, ProbeName.MEMORY),
            (Rule.DATABASE_DISK, ProbeName.DATABASE_DISK),
            (Rule.WORKER_DISK, ProbeName.WORKER_DISK),
        ],
        lambda house: house.replace_worker(RELANCE_HEALTH__MEMORY_LIMIT="1", RELANCE_HEALTH__DISK_LIMIT="0.001"),
        lambda house: house.replace_worker(),
        restarts=True,
    ),
)


async def rehearse(names: Sequence[str], say: Say) -> Report:
    """Break these in turn, all of them if none is named."""
    begun = time.monotonic()
    say("starting Temporal, MongoDB, the mailbox, Everflow, the chat and a worker")
    fared: list[Fared] = []
    async with a_house() as house:
        await house.first_check()
        stray = await _stray(house)
        for trouble in (one for one in TROUBLES if not names or one.name in names):
            fared += await _fare(house, trouble)
            say(f"{trouble.name}: noticed after {fared[-1].detected_s:.1f} s, over after {fared[-1].over_s:.1f} s")
        if not names or "temporal" in names:
            fared.append(await _temporal(house))
            say(f"temporal: not ready after {fared[-1].detected_s:.1f} s, ready after {fared[-1].over_s:.1f} s")
        await asyncio.sleep(QUIET_S)
        stray += await _stray(house)
    return Report(fared, stray, time.monotonic() - begun)


async def _fare(house: House, trouble: Trouble) -> list[Fared]:
    await house.chat.clear()
    broken_at = now()
    await trouble.break_(house)
    broken_at = now() if trouble.restarts else broken_at
    for rule, probe in trouble.rules:
        await _until(house, rule, probe, over=False)
    mended_at = now()
    await trouble.mend(house)
    mended_at = now() if trouble.restarts else mended_at
    for rule, probe in trouble.rules:
        await _until(house, rule, probe, over=True)
    await asyncio.sleep(QUIET_S)
    alone, moments = len(trouble.rules) == 1, (broken_at, mended_at)
    return [
        await _counted(house, trouble.name if alone else probe, rule, probe, moments) for rule, probe in trouble.rules
    ]


async def _counted(house: House, name: str, rule: Rule, probe: ProbeName, moments: tuple[datetime, datetime]) -> Fared:
    found = heard(await house.posted(), rule, probe)
    broken_at, mended_at = moments
    detected = (found.first_at - broken_at).total_seconds() if found.first_at else GIVEN_UP_S
    over = (found.over_at - mended_at).total_seconds() if found.over_at else GIVEN_UP_S
    said = {
        f"{len(found.alerts)} alerts": len(found.alerts) != 1,
        f"{len(found.resolutions)} resolutions": len(found.resolutions) != 1,
        f"noticed after {detected:.1f} s": not 0 <= detected <= DETECTED_WITHIN_S,
        f"over after {over:.1f} s": not 0 <= over <= OVER_WITHIN_S,
    }
    return Fared(
        name=name,
        detected_s=detected,
        over_s=over,
        alerts=len(found.alerts),
        resolutions=len(found.resolutions),
        problems=[text for text, wrong in said.items() if wrong],
    )


async def _until(house: House, rule: Rule, probe: ProbeName, *, over: bool) -> None:
    deadline = time.monotonic() + GIVEN_UP_S
    while time.monotonic() < deadline:
        found = heard(await house.posted(), rule, probe)
        if found.resolutions if over else found.alerts:
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def _temporal(house: House) -> Fared:
    """Without Temporal no health check runs: the workers say so themselves, over HTTP, and so does the watchdog."""
    await house.chat.clear()
    begun = time.monotonic()
    await house.temporal.kill()
    detected = await _seconds_until(house, begun, ready=False)
    begun = time.monotonic()
    await house.temporal.start()
    over = await _seconds_until(house, begun, ready=True)
    found = {f"never told apart by /ready ({detected:.1f} s, {over:.1f} s)": GIVEN_UP_S in {detected, over}}
    return Fared("temporal", detected, over, 0, 0, "/ready", [text for text, wrong in found.items() if wrong])


async def _seconds_until(house: House, begun: float, *, ready: bool) -> float:
    while (passed := time.monotonic() - begun) < GIVEN_UP_S:
        if await house.is_ready() is ready:
            return passed
        await asyncio.sleep(LOOK_EVERY_S)
    return GIVEN_UP_S


async def _stray(house: House) -> list[str]:
    return [str(one.body["data"]["title"]) for one in await house.posted() if one.service == "webhook"]


def _declare(parser: ArgumentParser) -> None:
    names = [*(one.name for one in TROUBLES), "temporal"]
    parser.add_argument("--only", action="append", choices=names, help="break this alone; repeatable")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.only or (), say)


HEALTH = Scenario("health", "each dependency is broken and mended in turn", _declare, _run)
