"""The server is away over nominal times of every job, for less and for more than they are made up for (SPEC H3, I7)."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import ScheduleState

from relance.cli.base.periods import today
from relance.contracts.checks import CheckInput
from relance.contracts.jobs import JobInput
from relance.contracts.names import JobName
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import Slow
from relance.devstack.everflow.samples import sample_world
from relance.domain.jobs.run import MISSED
from relance.settings import Settings
from relance.settings.everflow import Everflow
from relance.settings.jobs import LEAST_CATCHUP
from relance.temporal import schedules
from relance.temporal.nominal_times import TemporalNominalTimes
from tests.faults.missed_runs.checker import SEEN, Verdict, judged
from tests.faults.missed_runs.facts import Facts, Span, Started
from tests.faults.scenario import Say, Scenario, positive
from tests.faults.servers import Servers, restartable_servers
from tests.support.installation import Installation, installed
from tests.support.patience import PATIENCE_S

ON_TIME = timedelta(seconds=2)
PAUSED_JOB = JobName.NOISE
SLOW = 0.7
"""Of the interval: a check asks twice, so that it lasts longer than that."""
PATIENCE = timedelta(seconds=5)
RUNNING = "TemporalScheduledById IS NOT NULL AND ExecutionStatus = 'Running'"
HUNG = timedelta(seconds=15)
"""After so long a run is ended: one whose activity was handed out by a server that died at that moment."""
PROBLEMS_SHOWN = 20
REPEATS = 2
LIMIT_S = 90.0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    verdict: Verdict
    outages_s: Sequence[float]
    peak_rss_mb: float
    duration_s: float

    @property
    def problems(self) -> list[str]:
        """What was not as it must be, and what the run failed to show."""
        seen = {state for states in self.verdict.states.values() for state in states}
        unseen = [f"no run was {state}" for state in SEEN if state not in seen]
        return [*self.verdict.problems, *unseen]

    @property
    def holds(self) -> bool:
        """Whether every nominal time has one record, and the right one."""
        same = self.verdict.nominal == self.verdict.records
        return same and self.verdict.double == 0 and not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "jobs": len(self.verdict.states),
            "nominal": self.verdict.nominal,
            "records": self.verdict.records,
            "double": self.verdict.double,
            "states": self.verdict.states,
            "outages_s": [round(one, 1) for one in self.outages_s],
            "problems": self.problems[:PROBLEMS_SHOWN],
            "peak_rss_mb": round(self.peak_rss_mb, 1),
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


@dataclass
class Rehearsal:
    """One run on servers of its own."""

    servers: Servers
    installation: Installation
    every: int
    say: Say
    facts: Facts = field(init=False)

    async def create(self) -> None:
        """Create every Schedule that is declared, acting every few seconds instead of every few hours."""
        client, created = self.installation.client, {}
        for one in schedules.declared(settings_of(self.installation)):
            scaled = replace(
                one,
                cron=f"*/{self.every} * * * * * *",
                catchup=LEAST_CATCHUP,
                execution_timeout=HUNG,
                argument=hurried(one.argument),
            )
            await client.create_schedule(one.id, scaled.schedule(ScheduleState()))
            watched = await TemporalNominalTimes(client).schedule(one.id)
            assert watched is not None
            created[one.id] = watched.created_at
        self.facts = Facts(created, self.every, LEAST_CATCHUP, ON_TIME)
        self.say(f"{len(created)} Schedules act every {self.every} s; runs are made up for within {LEAST_CATCHUP}")

    async def hold_up(self) -> None:
        """Pause one job, and make the checks last longer than their interval."""
        client, begin = self.installation.client, datetime.now(UTC)
        async with EverflowControl(self.servers.stack.everflow_http) as everflow:
            await everflow.add_fault(Slow(seconds=SLOW * self.every))
            await schedules.pause(client, PAUSED_JOB, "a rehearsal")
            await asyncio.sleep(2 * self.every)
            await everflow.clear_faults()
            await self._pause_is_seen()
        await schedules.resume(client, PAUSED_JOB, "a rehearsal")
        # A server that dies at once has not looked at the Schedule since, and passes over its times as if still paused.
        await asyncio.sleep(self.every)
        self.facts.pauses.setdefault(PAUSED_JOB, []).append(Span(begin, datetime.now(UTC)))

    async def _pause_is_seen(self) -> None:
        """Wait until an audit has seen the pause: what passes unseen is told from what the server counts."""
        async with asyncio.timeout(PATIENCE_S):
            while (mark := await self.installation.database.audit_marks.get(PAUSED_JOB)) is None or not mark.paused:
                await asyncio.sleep(0.2)

    async def be_away(self, seconds: float) -> None:
        """Kill the server, and start it again after so long."""
        await self._calm()
        begin = datetime.now(UTC)
        await self.servers.temporal.kill()
        await asyncio.sleep(seconds)
        await self.servers.temporal.start()
        self.facts.outages.append(Span(begin, datetime.now(UTC)))
        away = (self.facts.outages[-1].end - begin).total_seconds()
        self.say(f"the server was away for {away:.1f} s")

    async def be_away_for_long(self) -> None:
        """Be away for longer than anything is made up for."""
        await self.be_away(self.facts.catchup.total_seconds() + 1.5 * self.every)
        await asyncio.sleep(self.every)

    async def _calm(self) -> None:
        """Wait for a moment in which no run goes on: what does is in the way until it is ended for hanging."""
        deadline = time.monotonic() + HUNG.total_seconds() + self.every
        while time.monotonic() < deadline:
            running = [one async for one in self.installation.client.list_workflows(RUNNING)]
            if not running:
                return
            await asyncio.sleep(0.1)

    async def settle(self) -> Verdict:
        """Let the audit finish with all nominal times up to now, and compare."""
        self.say("waiting until nothing can be made up for any more")
        self.facts.end = datetime.now(UTC)
        deadline = time.monotonic() + LIMIT_S
        while True:
            verdict = await self._verdict()
            if verdict.records >= verdict.nominal or time.monotonic() > deadline:
                return verdict
            await asyncio.sleep(0.5)

    async def _verdict(self) -> Verdict:
        raw = self.installation.database.raw.jobRuns
        records = {job: await raw.find({"job": job}).to_list(None) for job in self.facts.created}
        executions = {job: await self._started(job) for job in self.facts.created}
        return judged(self.facts, records, executions)

    async def _started(self, job: str) -> list[Started]:
        client = self.installation.client
        watched = await TemporalNominalTimes(client).schedule(job)
        assert watched is not None
        found = await TemporalNominalTimes(client).executions(watched, self.facts.created[job])
        return [Started(one.nominal, one.started_at, one.closed_at) for one in found]


def settings_of(installation: Installation) -> Settings:
    """Return the settings the workers have, as far as the Schedules need them."""
    return Settings.model_validate({"everflow": {"api_key": installation.environment["RELANCE_EVERFLOW__API_KEY"]}})


def hurried(argument: Any) -> Any:
    """Return what a workflow is started with, in a world of seconds."""
    match argument:
        case JobInput():
            return argument.model_copy(update={"max_wait": LEAST_CATCHUP, "on_time": ON_TIME})
        case CheckInput():
            return argument.model_copy(update={"max_wait": LEAST_CATCHUP, "patience": PATIENCE})
    return argument


ENVIRONMENT: Mapping[str, str] = {
    "RELANCE_JOBS__AUDIT_GRACE": "PT1S",
    "RELANCE_HEALTH__AGAIN": "PT0.2S",
    # The audit comes after the looks.
    "RELANCE_HEALTH__DEADLINE": "3",
}


async def rehearse(every: int, outages: int, say: Say) -> Report:
    """Let the server be away `outages` times for less, and as often for more than the catch-up window."""
    begun = time.monotonic()
    say("starting Temporal, MongoDB, a mailbox, Everflow and a worker")
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(restartable_servers())
        installation = await stack.enter_async_context(installed(servers.stack, "missed-runs", ENVIRONMENT))
        await installation.database.ensure_indexes()
        async with EverflowControl(servers.stack.everflow_http) as everflow:
            await everflow.put_world(sample_world(today(datetime.now(UTC), Everflow().timezone)))
        worker = await installation.start_worker()
        run = Rehearsal(servers, installation, every, say)
        await run.create()
        await asyncio.sleep(every)
        for _ in range(outages):
            await run.hold_up()
            await run.be_away(1.5 * every)
            await asyncio.sleep(every)
            await run.be_away_for_long()
        verdict = await run.settle()
        for _ in range(REPEATS):
            if any(MISSED in states for states in verdict.states.values()):
                break
            say("a run that hung was in the way of every time that was missed: once more")
            await run.be_away_for_long()
            verdict = await run.settle()
        peak = worker.measure()
    away = [(one.end - one.begin).total_seconds() for one in run.facts.outages]
    return Report(verdict, away, peak, time.monotonic() - begun)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--every", type=positive, default=4, help="seconds between nominal times; a divisor of 60")
    parser.add_argument("--outages", type=positive, default=1, help="short and long absences of the server, each")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.every, arguments.outages, say)


MISSED_RUNS = Scenario(
    "missed-runs",
    "the Temporal server is away over nominal times of every job, for less and for more than their catch-up windows; "
    "one is paused, some overlap",
    _declare,
    _run,
)
