"""Broken reports of every kind: no business alert without the truth behind it, and never silence (SPEC W4)."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from relance.devstack.chat.client import Chat
from relance.devstack.stack import Stack
from tests.faults.everflow.checker import Judgement, Outcome
from tests.faults.everflow.kinds import KINDS
from tests.faults.everflow.lane import Lane, opened
from tests.faults.everflow.plan import Plan, plans
from tests.faults.scenario import Say, Scenario, positive

PROBLEMS_SHOWN = 20

Judged = tuple[Plan, Judgement]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all runs."""

    judged: Sequence[Judged]
    peak_rss_mb: float
    duration_s: float

    @property
    def problems(self) -> list[str]:
        """What was not as it must be, in words, run by run."""
        return [f"{plan}: {text}" for plan, one in self.judged if (text := _problem(one))]

    @property
    def holds(self) -> bool:
        """Whether each run told the truth or the lack of data, once, was recorded once, and recovered."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        names = dict.fromkeys(plan.kind.name for plan, _ in self.judged)
        return {
            "kinds": len(names),
            **_figures(self.judged),
            "by_kind": {name: _figures([one for one in self.judged if one[0].kind.name == name]) for name in names},
            "problems": self.problems[:PROBLEMS_SHOWN],
            "peak_rss_mb": round(self.peak_rss_mb, 1),
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def rehearse(kinds: Sequence[str], runs: int, lanes: int, seed: int, say: Say) -> Report:
    """Run every kind of fault `runs` times, spread over so many workers."""
    begun = time.monotonic()
    every = list(plans([kind for kind in KINDS if not kinds or kind.name in kinds], runs, seed))
    say(f"{len(every)} runs; starting Temporal, MongoDB, the chat, {lanes} Everflow networks and {lanes} workers")
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Stack())
        chat = await stack.enter_async_context(Chat(await servers.open_chat()))
        opening = [opened(servers, chat, f"lane-{number}") for number in range(lanes)]
        running = [await stack.enter_async_context(lane) for lane in opening]
        waiting = iter(every)
        judged: list[Judged] = []

        async def go(lane: Lane) -> None:
            for plan in waiting:
                judged.append((plan, await lane.run(plan)))
                say(f"{len(judged)}/{len(every)} {plan}: {_told(judged[-1][1])}")

        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in running:
                    tasks.create_task(go(lane))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        peak = max(lane.installation.workers[0].measure() for lane in running)
    return Report(sorted(judged, key=lambda one: every.index(one[0])), peak, time.monotonic() - begun)


def _figures(judged: Sequence[Judged]) -> dict[str, Any]:
    outcomes = Counter(one.outcome for _, one in judged)
    return {
        "runs": len(judged),
        "retried_success": outcomes[Outcome.RETRIED_SUCCESS],
        "no_data": outcomes[Outcome.NO_DATA],
        "false_business_alerts": sum(bool(one.false_alerts) for _, one in judged),
        "missed": sum(one.missed for _, one in judged),
        "recovered": sum(plan.recovers and not _problem(one) for plan, one in judged),
        "reasons": dict(Counter(one.reason for _, one in judged if one.reason)),
    }


def _problem(one: Judgement) -> str:
    missed = ["nothing was told"] if one.missed else []
    return "; ".join([*one.false_alerts, *missed, *one.others])


def _told(one: Judgement) -> str:
    reason = f" ({one.reason})" if one.reason else ""
    return _problem(one) or f"{one.outcome}{reason}"


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--runs", type=positive, default=10, help="runs of each kind")
    parser.add_argument("--kind", action="append", choices=[kind.name for kind in KINDS], help="only this; repeatable")
    parser.add_argument("--lanes", type=positive, default=6, help="workers, each with a network of its own")
    parser.add_argument("--seed", type=int, default=1, help="for networks, mornings and moments")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.kind or [], arguments.runs, arguments.lanes, arguments.seed, say)


EVERFLOW = Scenario("everflow", "Everflow's reports fail, lie and break off in every way we know", _declare, _run)
