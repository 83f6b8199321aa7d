"""The part of Temporal that runs activities: attempts on worker processes, timeouts, retries."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, TimeoutType
from temporalio.exceptions import TimeoutError as ActivityTimeout
from temporalio.testing import ActivityEnvironment

from activities.attempt import token_of
from tests.simulation.temporal.wire import Payloads, activity_failed, packed, unpacked
from tests.simulation.workers import WorkerProcess
from tests.simulation.world import World, context_of
from tests.support.private_sdk import activity_definition

LONGEST_ATTEMPT = 3600.0
"""Seconds: a few dozen mails never take that long, whatever happens to them."""

TASK_TIMEOUT = 10.0
"""Seconds after which a workflow task is handed to another worker, with its local activities, if nothing is heard."""

LEFT_OUT = 1800.0
"""Seconds of an outage after which no further attempt is made before it is nearly over."""

Outcome: TypeAlias = tuple[Any, BaseException | None]
"""What an attempt returned, or what it raised."""


@dataclass
class Attempt:
    """One attempt of one activity on one worker."""

    world: World
    worker: WorkerProcess
    name: str
    number: int
    environment: ActivityEnvironment
    beat_at: float
    details: list[Any]
    deaf: bool = False
    reported: asyncio.Future[Any] = field(init=False)
    task: asyncio.Task[Any] = field(init=False)

    @property
    def token(self) -> str:
        """What marks its claims."""
        return token_of(self.environment.info)

    def start(self, arguments: Sequence[Any]) -> None:
        """Begin on the worker."""
        self.reported = self.world.loop.create_future()
        self.environment.on_heartbeat = self._beat
        work = self.environment.run(self.worker.activities[self.name], *arguments)
        self.task = self.world.loop.create_task(work, context=context_of(self.worker))
        self.task.add_done_callback(self._done)
        self.worker.attempts[id(self)] = self

    def _beat(self, *details: Any) -> None:
        if not self.deaf and self.world.server_is_up:
            self.beat_at, self.details = self.world.loop.time(), list(details)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.worker.attempts.pop(id(self), None)
        problem = None if task.cancelled() else task.exception()
        if self.world.over or not self.worker.alive or task.cancelled():
            return
        if self.world.chance(self.world.rates.report_lost) or not self.world.server_is_up:
            self.world.trace.fault(self.worker.name, "report-lost", self.name)
        elif not self.deaf and not self.reported.done():
            self.reported.set_result((None, problem) if problem else (task.result(), None))


class Cluster:
    """Worker processes, and the activities that are under way on them."""

    def __init__(self, world: World, workers: list[WorkerProcess]) -> None:
        self.world = world
        self.workers = workers
        self.on_superseded: Callable[[Attempt], None] = lambda _: None
        self.attempts = 0
        self._waiting: list[asyncio.Future[None]] = []

    def join(self, worker: WorkerProcess) -> None:
        """Take in a new worker."""
        self.workers.append(worker)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def execute(
        self, method: Any, payloads: Payloads, run_id: str, activity_id: str, options: Mapping[str, Any]
    ) -> Payloads:
        """Run an activity until an attempt succeeds, or it fails for good; cancelled when nobody waits any more."""
        definition = activity_definition(method)
        name = definition.name
        info = dataclasses.replace(
            ActivityEnvironment.default_info(), activity_id=activity_id, activity_type=name, workflow_run_id=run_id
        )
        work = self._execute(name, payloads, definition.arg_types, info, options, self._outcome)
        limit: timedelta | None = options.get("schedule_to_close_timeout")
        try:
            return await asyncio.wait_for(work, limit.total_seconds() if limit else None)
        except TimeoutError:
            self.world.trace.event("temporal", f"{name} of {run_id} is out of time")
            problem = ActivityTimeout("timed out", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[])
            raise activity_failed(name) from problem

    async def execute_locally(
        self, method: Any, payloads: Payloads, run_id: str, activity_id: str, options: Mapping[str, Any]
    ) -> Payloads:
        """Run a local activity: whenever its worker dies, the workflow task is another one's, and begins it again."""
        definition = activity_definition(method)
        info = dataclasses.replace(
            ActivityEnvironment.default_info(),
            activity_id=activity_id,
            activity_type=definition.name,
            workflow_run_id=run_id,
            is_local=True,
        )
        return await self._execute(definition.name, payloads, definition.arg_types, info, options, self._local_outcome)

    async def _execute(
        self,
        name: str,
        payloads: Payloads,
        types: Sequence[type] | None,
        info: activity.Info,
        options: Mapping[str, Any],
        outcome_of: Callable[[Attempt, Mapping[str, Any]], Awaitable[Outcome | None]],
    ) -> Payloads:
        details: list[Any] = []
        for count in range(1, 1_000_000):
            number = 1 if info.is_local else count
            attempt = await self._begin(
                name,
                # Inputs are the workflow's: what an activity does to them, no other attempt sees.
                unpacked(payloads, types),
                dataclasses.replace(info, attempt=number, heartbeat_details=details, started_time=self.world.now()),
            )
            try:
                outcome = await outcome_of(attempt, options)
            except asyncio.CancelledError:
                self._superseded(attempt, "given-up")
                raise
            details = attempt.details
            if outcome is None:
                self._superseded(attempt, "declared-dead")
                continue
            result, problem = outcome
            if problem is None:
                self.world.trace.event("temporal", f"{name} of {info.workflow_run_id} done by attempt {number}")
                return packed([result])
            await self._after_failure(name, info.workflow_run_id or "", number, problem, options["retry_policy"])
        raise AssertionError("an activity is tried for ever")

    async def _begin(self, name: str, arguments: Sequence[Any], info: activity.Info) -> Attempt:
        await asyncio.sleep(self.world.dice.uniform(0.001, 0.2))
        worker = await self._taker()
        environment = ActivityEnvironment()
        environment.info = info
        self.attempts += 1
        self.world.trace.event(
            "temporal", f"attempt {info.attempt} of {name} for {info.workflow_run_id} on {worker.name}"
        )
        attempt = Attempt(
            self.world, worker, name, info.attempt, environment, self.world.loop.time(), list(info.heartbeat_details)
        )
        if self.world.chance(self.world.rates.deaf):
            self.world.later(self.world.dice.uniform(0.0, 5.0), lambda: self._deafen(attempt))
        attempt.start(arguments)
        return attempt

    async def _taker(self) -> WorkerProcess:
        """Return the worker that takes a task, as soon as there is a server that hands it out and one that asks."""
        while True:
            if (down := self.world.server_down_until - self.world.loop.time()) > 0:
                await asyncio.sleep(down + self.world.dice.uniform(0.0, 5.0))
            elif takers := [worker for worker in self.workers if worker.takes_work]:
                return self.world.dice.choice(takers)
            else:
                self._waiting.append(arrival := self.world.loop.create_future())
                await arrival
                await asyncio.sleep(self.world.dice.uniform(0.0, 0.5))

    def _deafen(self, attempt: Attempt) -> None:
        if not attempt.task.done():
            self.world.trace.fault(attempt.worker.name, "cut-off", attempt.name)
            attempt.deaf = True

    async def _outcome(self, attempt: Attempt, options: Mapping[str, Any]) -> Outcome | None:
        """Return the attempt's report; None when it is declared dead."""
        end = attempt.beat_at + options["start_to_close_timeout"].total_seconds()
        heartbeat: timedelta | None = options.get("heartbeat_timeout")
        started = attempt.beat_at
        while True:
            now = self.world.loop.time()
            limit = min(end, attempt.beat_at + heartbeat.total_seconds()) if heartbeat else end
            if now >= limit:
                if self.world.server_is_up:
                    return None
                # Nobody is declared dead by a server that is away; once it is back, whoever lives may still say so.
                await asyncio.sleep(self.world.server_down_until - now + self.world.dice.uniform(0.0, 5.0))
                continue
            if now > max(started, self.world.all_up_at) + LONGEST_ATTEMPT:
                self.world.violated("I6", f"attempt {attempt.number} of {attempt.name} on {attempt.worker.name} hangs")
                await self.world.hang()
            await asyncio.wait({attempt.reported}, timeout=max(limit - now, 0.001))
            if attempt.reported.done():
                outcome: Outcome = attempt.reported.result()
                return outcome

    async def _local_outcome(self, attempt: Attempt, _: Mapping[str, Any]) -> Outcome | None:
        """Return the attempt's report; None when its workflow task is given to another worker."""
        while True:
            await asyncio.wait({attempt.reported}, timeout=TASK_TIMEOUT)
            if attempt.reported.done():
                outcome: Outcome = attempt.reported.result()
                return outcome
            heard_of = attempt.worker.alive and not attempt.deaf and not attempt.task.done()
            if not heard_of and self.world.server_is_up:
                return None

    def _superseded(self, attempt: Attempt, how: str) -> None:
        if self.world.over:
            return
        self.world.trace.fault(attempt.worker.name, how, f"attempt {attempt.number} of {attempt.name}")
        # Should it still be alive, it goes on for a while, until it learns that nobody waits for it.
        self.on_superseded(attempt)
        attempt.deaf = True
        if attempt.worker.alive and not attempt.task.done() and self.world.dice.random() < 0.8:
            self.world.later(self.world.dice.uniform(0.0, 60.0), attempt.environment.cancel)

    async def _after_failure(
        self, name: str, workflow_id: str, number: int, problem: BaseException, policy: RetryPolicy
    ) -> None:
        if not isinstance(problem, ApplicationError):
            self.world.violated("I5", f"{name} raised {problem!r}")
            await self.world.hang()
        assert isinstance(problem, ApplicationError)
        self.world.trace.event("temporal", f"{name} of {workflow_id} failed: {problem.type}")
        if problem.non_retryable or number == policy.maximum_attempts:
            raise activity_failed(name) from problem
        wait = policy.initial_interval * policy.backoff_coefficient ** min(number - 1, 30)
        wait = min(wait, policy.maximum_interval or wait)
        seconds = (problem.next_retry_delay or wait).total_seconds()
        # For as long as what it needs is away for days, every attempt would come to the same: they are left out.
        down = self.world.database_down_until - self.world.loop.time()
        if "relay" in problem.message:
            down = max(down, self.world.relay_down_until - self.world.loop.time())
        if down > LEFT_OUT:
            seconds = max(seconds, down - self.world.dice.uniform(0.0, LEFT_OUT / 2))
        await asyncio.sleep(seconds)
