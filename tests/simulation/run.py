"""One seed: months of cycles and follow-ups, all kinds of trouble, and the verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from relance import ids
from relance.contracts.cycle import CycleInput, CycleOptions, CycleStatistics, OpenPeriodInput
from relance.domain.send_times import next_period, period_window
from relance.domain.zones import instant_at
from tests.simulation.application import Application
from tests.simulation.chance import NO_FAULTS, Rates, drawn
from tests.simulation.checks import Checks
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.operators import Operators
from tests.simulation.people import People
from tests.simulation.relay import Relay
from tests.simulation.temporal.cluster import Cluster
from tests.simulation.temporal.sdk_runtime import install
from tests.simulation.temporal.server import Workflows
from tests.simulation.temporal.wire import packed, unpacked
from tests.simulation.trace import KEPT, Trace
from tests.simulation.virtual_loop import Deadlock, VirtualLoop
from tests.simulation.workers import WorkerProcess
from tests.simulation.world import World
from workflows.monthly_cycle import MonthlyCycle
from workflows.nominal import NOMINAL_TIME
from workflows.open_period import OpenPeriod

ZONE = "Europe/Paris"
BEGIN = datetime(2026, 10, 20, tzinfo=UTC)
FIRST_PERIOD = "2026-11"
PATIENCE = timedelta(days=75)
"""After the end of the last period everything must have come to its end: expiry is after 30 days."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came out of one seed; `violation` is empty if everything holds, `last` are the newest events."""

    seed: int
    steps: int
    digest: str
    mails: int
    duplicates: int
    kills: int
    attempts: int
    faults: dict[str, int]
    violation: str
    last: tuple[str, ...]


class Simulation:
    """All parts of one run, put together."""

    def __init__(self, seed: int, months: int, rates: Rates | None = None, kept: int | None = KEPT) -> None:
        dice = Random(seed)
        rates = rates or drawn(dice)
        self.loop = VirtualLoop(BEGIN)
        self.world = World(self.loop, dice, rates, Trace(self.loop, kept))
        self.seed = seed
        self.periods = [FIRST_PERIOD]
        while len(self.periods) < months:
            self.periods.append(next_period(self.periods[-1]))
        self.relay = Relay(self.world)
        self.application = Application(self.world)
        self.checks = Checks(self.world, self.relay, self.application)
        self.cluster = Cluster(self.world, [])
        self.cluster.on_superseded = self.checks.superseded
        self.workflows = Workflows(self.world, self.cluster.execute, suggest_at=dice.choice((60, 200, 1000)))
        install(self.workflows)
        self.people = People(self.world, self.application, self.workflows, self.checks)
        self.operators = Operators(self.world, self.workflows, self.periods)
        self.options = CycleOptions(
            batch_users=dice.randint(1, 4),
            batches_in_flight=dice.randint(1, 4),
            replan_every=timedelta(hours=dice.choice((24, 96, 240))),
        )
        self.nominal_times: list[datetime] = []
        self.started = 0

    def run(self) -> Report:
        """Run to the end and judge."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self._run())
        except Deadlock as problem:
            self.world.violated("I6", str(problem))
        finally:
            self._clear_up()
        trace = self.world.trace
        return Report(
            seed=self.seed,
            steps=trace.step,
            digest=trace.digest,
            mails=len(self.relay.accepted),
            duplicates=self.checks.duplicates,
            kills=trace.counts["killed"],
            attempts=self.cluster.attempts,
            faults=dict(sorted(trace.counts.items())),
            violation=self.world.broken.result() if self.world.broken.done() else "",
            last=tuple(trace.last),
        )

    async def _run(self) -> None:
        await open_memory(self.world.store, SafeLink()).ensure_indexes()
        dice = self.world.dice
        for _ in range(dice.randint(3, 9)):
            self.application.add_user(dice.randint(0, 5))
        for contact in self.application.ids("contacts"):
            if dice.random() < 0.03:
                raw = self.application.found("contacts", contact)
                self.relay.gone.add(str(raw and raw["email"]))
        self.checks.begin()
        for _ in range(dice.randint(1, 3)):
            self._start_worker()
        trouble_until = period_window(self.periods[-1])[1] + timedelta(days=10)
        for name, work in (
            ("people", self.people.live(trouble_until)),
            ("kills", self._repeat(self.world.rates.kills_per_day, self._kill, trouble_until)),
            ("drains", self._repeat(self.world.rates.drains_per_day, self._drain, trouble_until)),
            ("outages", self._repeat(self.world.rates.outages_per_day, self._break_down, trouble_until)),
            ("pauses", self.operators.pause_now_and_then(trouble_until)),
            ("resumes", self.operators.resume_what_is_paused()),
            ("schedule", self._keep_schedule()),
        ):
            self.world.spawn(work, name=name)
        ended = self.world.spawn(self._until_all_is_over(trouble_until), name="end")
        await asyncio.wait({ended, self.world.broken}, return_when=asyncio.FIRST_COMPLETED)
        if not self.world.broken.done():
            statistics = {period: self._statistics(period) for period in self.periods}
            self.checks.at_end(self.periods, statistics, self.nominal_times)

    def _statistics(self, period: str) -> Any:
        run = self.workflows.current(ids.cycle_workflow_id(period))
        if run is None or run.status is not Status.COMPLETED:
            return None
        return unpacked(run.told, [CycleStatistics])[0]

    # The schedule, and people who start what runs already

    async def _keep_schedule(self) -> None:
        for period in self.periods:
            day_before = datetime.fromisoformat(f"{period}-01").date() - timedelta(days=1)
            nominal = instant_at(day_before.replace(day=25), datetime.min.time().replace(hour=6), ZONE)
            self.nominal_times.append(nominal)
            await asyncio.sleep((nominal - self.world.now()).total_seconds())
            for number in range(self.world.dice.choice((1, 1, 2))):
                await asyncio.sleep(self.world.dice.uniform(0.0, 5.0) * number)
                self._open(nominal)
            if self.world.dice.random() < 0.5:
                self.world.later(self.world.dice.uniform(0, 40 * 86_400), partial(self._start_by_hand, period))

    def _open(self, nominal: datetime) -> None:
        self.started += 1
        attributes = TypedSearchAttributes([SearchAttributePair(NOMINAL_TIME, nominal)])
        request = OpenPeriodInput(zone=ZONE, options=self.options)
        self.workflows.start(OpenPeriod, packed([request]), f"open-period-{self.started}", nominal=attributes)

    def _start_by_hand(self, period: str) -> None:
        policy = WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            request = CycleInput(period=period, options=self.options)
            self.workflows.start(MonthlyCycle, packed([request]), ids.cycle_workflow_id(period), policy)
        except WorkflowAlreadyStartedError:
            self.world.trace.event("operator", f"the cycle of {period} runs already")

    # Trouble

    async def _repeat(self, per_day: float, what: Any, until: datetime) -> None:
        while per_day and self.world.now() < until:
            await wait_for_a_moment(self.world, per_day)
            what()

    def _start_worker(self) -> None:
        self.started += 1
        worker = WorkerProcess(
            self.world,
            self.started,
            self.relay,
            self.workflows,
            self.checks.claim_asked,
        )
        worker.on_killed = self._killed
        self.cluster.workers.append(worker)

    def _killed(self, worker: WorkerProcess) -> None:
        self.checks.interrupted(worker)
        self.cluster.workers.remove(worker)
        self.world.later(self.world.dice.uniform(0.5, 60.0), self._start_worker)

    def _kill(self) -> None:
        if self.cluster.workers:
            self.world.dice.choice(self.cluster.workers).kill()

    def _drain(self) -> None:
        takers = [worker for worker in self.cluster.workers if worker.takes_work]
        if takers:
            worker = self.world.dice.choice(takers)
            worker.drain()
            self.world.later(30.0, worker.kill)

    def _break_down(self) -> None:
        now, dice = self.loop.time(), self.world.dice
        if dice.random() < 0.5:
            self.world.trace.fault("database", "outage")
            self.world.database_down_until = now + dice.uniform(1.0, 60.0)
        else:
            self.world.trace.fault("relay", "outage")
            self.world.relay_down_until = now + dice.choice((10.0, 120.0, 600.0, 3600.0))

    async def _until_all_is_over(self, trouble_until: datetime) -> None:
        await asyncio.sleep((trouble_until - self.world.now()).total_seconds())
        self.world.troubled = False
        while self.workflows.open():
            if self.world.now() > trouble_until + PATIENCE:
                self.world.violated("I1", f"still open: {[run.id for run in self.workflows.open()][:3]}")
                return
            await asyncio.sleep(6 * 3600)

    def _clear_up(self) -> None:
        """End whatever is left, also in dead processes."""
        self.world.over = True
        self.loop.thaw()
        for _ in range(20):
            for future in list(self.world.hanging):
                future.cancel()
            self.loop.run_until_complete(_cancel())
        asyncio.set_event_loop(None)
        self.loop.close()


async def _cancel() -> None:
    if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=1.0)


def simulate(seed: int, months: int, *, faults: bool = True, kept: int | None = KEPT) -> Report:
    """Run one seed; `kept` is how many events the report tells, None for all."""
    return Simulation(seed, months, None if faults else NO_FAULTS, kept).run()
