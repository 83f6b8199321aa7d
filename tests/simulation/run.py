"""One seed: months of cycles and follow-ups, all kinds of trouble, and the verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from temporalio.client import WorkflowExecutionStatus as Status

from relance import ids
from relance.contracts.cycle import CycleOptions, CycleStatistics
from relance.domain.cycle.send_times import next_period, period_window
from tests.simulation.application import Application
from tests.simulation.backups import Backups
from tests.simulation.chance import NO_FAULTS, Rates, drawn, drawn_timing
from tests.simulation.checks import Checks
from tests.simulation.closing import Closing
from tests.simulation.hands import Hands
from tests.simulation.machines import Machines
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.operators import Operators
from tests.simulation.outages import Outages
from tests.simulation.people import People
from tests.simulation.relay import Relay
from tests.simulation.relay_log import SimulatedRelayLog
from tests.simulation.temporal.cluster import Cluster
from tests.simulation.temporal.run import WorkflowRun
from tests.simulation.temporal.sdk_runtime import install
from tests.simulation.temporal.server import Workflows
from tests.simulation.temporal.wire import unpacked
from tests.simulation.timetable import Timetable
from tests.simulation.trace import KEPT, Trace
from tests.simulation.virtual_loop import Deadlock, VirtualLoop
from tests.simulation.workflow_checks import WorkflowChecks
from tests.simulation.world import World
from workflows.reconcile import Reconcile

BEGIN = datetime(2026, 10, 20, tzinfo=UTC)
FIRST_PERIOD = "2026-11"
PATIENCE = timedelta(days=75)
"""After the end of the last period everything must have come to its end: expiry is after 30 days."""

QUIET = 32
"""Looks six hours apart that find nothing running: in between reconciliation and cleanup have looked at least once."""


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
    closest_hours: float
    faults: dict[str, int]
    violation: str
    last: tuple[str, ...]


class Simulation:
    """All parts of one run, put together."""

    def __init__(self, seed: int, months: int, rates: Rates | None = None, kept: int | None = KEPT) -> None:
        dice = Random(seed)
        rates = rates or drawn(dice)
        self.loop = VirtualLoop(BEGIN)
        self.world = World(self.loop, dice, rates, Trace(self.loop, kept), drawn_timing(dice))
        self.seed = seed
        self.periods = [FIRST_PERIOD]
        while len(self.periods) < months:
            self.periods.append(next_period(self.periods[-1]))
        options = CycleOptions(
            batch_users=dice.randint(1, 4),
            batches_in_flight=dice.randint(1, 4),
            replan_every=timedelta(hours=dice.choice((24, 96, 240))),
        )
        self.relay = Relay(self.world)
        if dice.random() < 0.5:
            self.relay.log = SimulatedRelayLog(self.world)
        self.application = Application(self.world)
        self.checks = Checks(self.world, self.relay, self.application)
        self.workflow_checks = WorkflowChecks(self.world, self.checks.controls)
        self.closing = Closing(self.checks, self.workflow_checks.reports_due, options.max_late)
        self.cluster = Cluster(self.world, [])
        self.cluster.on_superseded = self.checks.superseded
        self.workflows = Workflows(
            self.world, self.cluster.execute, self.cluster.execute_locally, suggest_at=dice.choice((60, 200, 1000))
        )
        install(self.workflows)
        self.workflow_checks.watch(self.workflows)
        watch = self.checks.claim_asked
        self.machines = Machines(self.world, self.cluster, self.relay, self.workflows, watch, options)
        self.machines.on_killed = self.checks.interrupted
        self.outages = Outages(self.world, self.machines, self.checks)
        self.people = People(self.world, self.application, self.workflows, self.checks)
        self.operators = Operators(self.world, self.workflows, self.periods, options)
        self.hands = Hands(self.world, self.workflows)
        self.timetable = Timetable(self.world, self.workflows, self.periods, options)
        self.backups = Backups(self.world, self.workflows, self.machines, self.timetable, self.checks)
        self.backups.repeat = [self.people.say_again, self.operators.say_again]

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
            closest_hours=self.checks.spacing.closest.total_seconds() / 3600,
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
            self.machines.start()
        trouble_until = period_window(self.periods[-1])[1] + timedelta(days=10)
        rates = self.world.rates
        for name, work in (
            ("people", self.people.live(trouble_until)),
            ("kills", self._repeat(rates.kills_per_day, self.machines.kill, trouble_until)),
            ("drains", self._repeat(rates.drains_per_day, self.machines.drain, trouble_until)),
            ("outages", self._repeat(rates.outages_per_day, self.outages.short, trouble_until)),
            ("long outages", self.outages.long_ones(trouble_until)),
            ("pauses", self.operators.pause_now_and_then(trouble_until)),
            ("operators", self.operators.look_after_what_is_stopped()),
            ("hands", self.hands.meddle(trouble_until)),
            ("backups", self.backups.copy_now_and_then(trouble_until)),
            ("restores", self.backups.put_back_now_and_then(trouble_until)),
            ("months", self.timetable.open_periods()),
            ("reconciliation", self.timetable.reconcile()),
            ("cleanup", self.timetable.clean_up()),
            ("starts by hand", self.operators.start_what_runs_already()),
        ):
            self.world.spawn(work, name=name)
        ended = self.world.spawn(self._until_all_is_over(trouble_until), name="end")
        await asyncio.wait({ended, self.world.broken}, return_when=asyncio.FIRST_COMPLETED)
        if not self.world.broken.done():
            statistics = {period: self._statistics(period) for period in self.periods}
            self.closing.at_end(self.periods, statistics, self.timetable.nominal_times)

    def _statistics(self, period: str) -> Any:
        run = self.workflows.current(ids.cycle_workflow_id(period))
        if run is None or run.status is not Status.COMPLETED or run.told is None or isinstance(run.told, BaseException):
            return None
        told = run.told
        assert told is not None
        assert not isinstance(told, BaseException)
        return unpacked(told, [CycleStatistics])[0]

    async def _repeat(self, per_day: float, what: Any, until: datetime) -> None:
        while per_day and self.world.now() < until:
            await wait_for_a_moment(self.world, per_day)
            what()

    async def _until_all_is_over(self, trouble_until: datetime) -> None:
        """Wait until nothing runs any more, and the reconciliation finds nothing that should."""
        await asyncio.sleep((trouble_until - self.world.now()).total_seconds())
        self.world.troubled = False
        quiet = 0
        while quiet < QUIET:
            if self.world.now() > trouble_until + PATIENCE:
                self.world.violated("I1", f"still open: {[run.id for run in self._open()][:3]}")
                return
            await asyncio.sleep(6 * 3600)
            quiet = 0 if self._open() else quiet + 1

    def _open(self) -> list[WorkflowRun]:
        return [run for run in self.workflows.open() if run.start.cls is not Reconcile]

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
