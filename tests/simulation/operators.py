"""The people who run the cycles: they pause, resume, cancel and roll back, and do what an alert asks them to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from relance import ids
from relance.cli.start.opening import open_cycle
from relance.contracts.cycle import CycleInput, CycleOptions
from relance.contracts.names import TaskQueue, Workflow
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.model import Rule
from relance.domain.cycle.control import TRANSITIONS, ControlState
from relance.domain.cycle.send_times import period_window
from relance.errors import DependencyUnavailable
from relance.services.cycle_control import CycleControl
from tests.simulation.chance import long_time
from tests.simulation.composition import cycle_desk
from tests.simulation.faulty_link import FaultyLink
from tests.simulation.memory.database import open_memory
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.people import Terminal
from tests.simulation.temporal.client import simulated_client
from tests.simulation.temporal.server import Workflows
from tests.simulation.workers import SkewedClock
from tests.simulation.world import World

SHORTEST_PAUSE, LONGEST_PAUSE = 60.0, 10 * 86_400.0
REMINDED_FOR = timedelta(days=12)
"""How long after its last send time a period is still worth a pause: both reminders and what is late."""

_S = ControlState


class Died(Exception):
    """The process of a command ended between the database and the signal."""


class DyingClient:
    """A client whose process dies with its first call."""

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Any:
            raise Died

        return call


class Operators:
    """Act through the desk, as the command line does, and try again until they have an answer."""

    def __init__(self, world: World, workflows: Workflows, periods: list[str], options: CycleOptions) -> None:
        self._world = world
        self._periods = periods
        self._options = options
        self._workflows = workflows
        self._data = open_memory(
            world.store, FaultyLink(world, Terminal("operator")), timing=world.timing, bounds=world.bounds
        )
        self._client = simulated_client(workflows, Terminal("operator"))
        self._clock = SkewedClock(world, timedelta(0))
        self._resumes_at: dict[str, datetime] = {}
        self.decided: dict[str, tuple[ControlState, datetime]] = {}

    async def pause_now_and_then(self, until: datetime) -> None:
        """Stop cycles at bad times: most for a while, a few for good."""
        dice = self._world.dice
        while self._world.rates.pauses_per_day and self._world.now() < until:
            await wait_for_a_moment(self._world, self._world.rates.pauses_per_day)
            if not (worth := self._worth_a_pause()):
                continue
            period = dice.choice(worth)
            if dice.random() < 0.04:
                self._world.spawn(self._end(period, dice.choice((_S.CANCELLED, _S.ROLLED_BACK))), name="ending")
                continue
            seconds = long_time(dice, SHORTEST_PAUSE, LONGEST_PAUSE)
            self._world.trace.fault("operator", "paused", f"{period} for {seconds / 3600:.1f} h")
            self._world.spawn(self._pause(period, seconds), name="pause")

    async def look_after_what_is_stopped(self) -> None:
        """Look every now and then, resume what is paused by nobody's will, and do what alerts ask for."""
        while not self._world.over:
            await asyncio.sleep(self._world.dice.uniform(60.0, 4 * 3600.0))
            now = self._world.now()
            for period in self._periods:
                control = self._world.store.table("cycleControls").near({"_id": period})
                if control and control[0]["state"] == _S.PAUSED and self._resumes_at.get(period, now) <= now:
                    await self._tell(period, _S.RUNNING)
            for period in self._left():
                await self.start_again(period)

    async def start_again(self, period: str, *, also_open: bool = False) -> None:
        """Do what an alert about a cycle that does not run asks for: `start cycle --period PERIOD`."""
        run = self._workflows.current(ids.cycle_workflow_id(period))
        if run is None or not (run.closed or also_open):
            return
        if self._state(period).final:
            return
        request = CycleInput(period=period, options=self._options)

        async def start() -> None:
            opened = await open_cycle(self._client, self._data, request)
            if opened.state == "started":
                self._world.trace.fault("operator", "started-again", period)

        await self._until_done(start)

    async def start_what_runs_already(self) -> None:
        """Start cycles by hand that run or are done."""
        for period in self._periods:
            if self._world.dice.random() < 0.5:
                ahead = period_window(period)[0] - self._world.now()
                await asyncio.sleep(max(ahead.total_seconds(), 0.0) + self._world.dice.uniform(0.0, 20.0) * 86_400)
                await self.start_again(period, also_open=True)

    async def say_again(self, since: datetime) -> None:
        """Repeat what was decided since a backup that was put back."""
        for period, (state, at) in list(self.decided.items()):
            if at >= since:
                await self._tell(period, state, mishaps=False)

    def _worth_a_pause(self) -> list[str]:
        now = self._world.now()
        windows = {period: period_window(period) for period in self._periods}
        return [one for one, (first, last) in windows.items() if first <= now <= last + REMINDED_FOR]

    def _state(self, period: str) -> ControlState:
        found = self._world.store.table("cycleControls").near({"_id": period})
        return _S(found[0]["state"]) if found else _S.RUNNING

    def _left(self) -> list[str]:
        """Return the periods of which an alert says that nothing goes on by itself."""
        alerts = [one for one in self._world.store.table("alerts").near({}) if one["state"] != "resolved"]
        if any(one["rule"] == Rule.RECONCILIATION and one["labels"].get("plans_stuck", "0") != "0" for one in alerts):
            return self._periods
        left = {one["subject"] for one in alerts if one["rule"] == Rule.CYCLE_LEFT}
        return [period for period in self._periods if period in left]

    async def _pause(self, period: str, seconds: float) -> None:
        self._resumes_at[period] = self._world.now() + timedelta(seconds=seconds)
        await self._tell(period, _S.PAUSED)
        await asyncio.sleep(seconds)
        after = self._world.dice.choices((_S.RUNNING, _S.CANCELLED, _S.ROLLED_BACK), (85, 8, 7))[0]
        await (self._tell(period, after) if after is _S.RUNNING else self._end(period, after))

    async def _end(self, period: str, state: ControlState) -> None:
        self._world.trace.fault("operator", str(state), period)
        await self._tell(period, state)
        if state is _S.ROLLED_BACK and self._state(period) is _S.ROLLED_BACK:
            await self._until_done(lambda: self._take_back(period))

    async def _take_back(self, period: str) -> None:
        # As `cycle rollback` does.
        await self._client.start_workflow(
            Workflow.ROLL_BACK,
            RollBackInput(period=period, correction=self._world.dice.random() < 0.5),
            id=ids.rollback_workflow_id(period),
            task_queue=TaskQueue.OPS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def _tell(self, period: str, state: ControlState, *, mishaps: bool = True) -> None:
        self._world.trace.event("operator", f"{period} {state}")
        if mishaps and self._world.dice.random() < 0.25:
            await self._until_done(lambda: self._tell_by(self._desk(DyingClient()), period, state))
            self._world.trace.fault("operator", "died", f"before the cycle of {period} heard of {state}")
            if self._world.dice.random() < 0.5:
                return
            await asyncio.sleep(long_time(self._world.dice, 60.0, 6 * 3600.0))
            if state not in TRANSITIONS[self._state(period)] and self._state(period) is not state:
                return
        await self._until_done(lambda: self._tell_by(self._desk(self._client), period, state))

    async def _tell_by(self, desk: CycleControl, period: str, state: ControlState) -> None:
        try:
            told = await desk.notify(period, state, "simulated", "operator")
        except Died:
            pass
        else:
            if told.now.state is not state:
                return
        self.decided[period] = state, self._world.now()

    def _desk(self, client: Any) -> CycleControl:
        return cycle_desk(self._data, client, self._clock)

    async def _until_done(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        wait = 1.0
        while not self._world.over:
            try:
                await work()
            except (DependencyUnavailable, RPCError):
                await asyncio.sleep(self._world.dice.uniform(0.1, wait))
                wait = min(wait * 1.5, 1800.0)
            else:
                return
