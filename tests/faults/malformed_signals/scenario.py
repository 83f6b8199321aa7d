"""Every workflow that has handlers is sent what makes no sense by the `temporal` CLI, in the middle of a cycle."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from relance import ids
from relance.adapters.clock import SystemClock
from relance.contracts.follow_up import Followed, FollowedState, FollowUpInput
from relance.contracts.names import SIGNALS_IGNORED, Query, Signal, TaskQueue, Workflow
from relance.contracts.rollback import RollBackInput, RollBackResult
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.services.cycle_control import CycleControl
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_ups import TemporalFollowUps
from tests.faults.arrangement import PERIOD, Arrangement
from tests.faults.cycle_run import Run
from tests.faults.malformed_signals.battery import battery
from tests.faults.malformed_signals.terminal import AT_ONCE, Input, Terminal
from tests.faults.rehearsal import rehearsed
from tests.support.asking import answered

OTHER, USER, GROUP = "2026-10", "other", "malformed"
PATIENCE_S, LOOK_EVERY_S = 30.0, 0.2
QUERIES: Mapping[Workflow, Query] = {
    Workflow.MONTHLY_CYCLE: Query.PROGRESS,
    Workflow.SEND_WAVE: Query.PROGRESS,
    Workflow.FOLLOW_UP: Query.STEPS,
    Workflow.ALERT: Query.VIEW,
    Workflow.ROLL_BACK: Query.PROGRESS,
}
FROM_THE_FUTURE = '{"state":"paused","by":"x","reason":"a typing error","at":"9999-12-31T00:00:00Z"}'
_IGNORED = re.compile(rf"^{SIGNALS_IGNORED.replace('.', '_')}_total\{{.*\}} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Targets:
    """One open workflow of each type, by id."""

    run: Run
    by_type: Mapping[Workflow, str]

    async def wedged(self) -> int:
        """Count the failures of workflow tasks and the questions without an answer."""
        client, terminal, wedged = self.run.installation.client, Terminal(self.run.installation), 0
        for workflow, workflow_id in self.by_type.items():
            history = await client.get_workflow_handle(workflow_id).fetch_history()
            failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            wedged += sum(event.event_type == failed for event in history.events)
            for words in ((), Input.json("5", '{"a":1}').words):
                wedged += not await terminal.answers(workflow_id, QUERIES[workflow], *words)
        return wedged


async def disturb(run: Run) -> int:
    """Open one workflow of each type, send everything to each, then use them as they are meant to be used."""
    async with opened(run) as targets:
        sent = 0
        with tempfile.TemporaryDirectory() as folder:
            for number in range(run.options.kills):
                run.say(f"round {number + 1} of {run.options.kills}")
                sent += await fire(targets, Path(folder))
        terminal = Terminal(run.installation)
        # It can be read, and claims to be later than everything to come.
        await terminal.signal(targets.by_type[Workflow.MONTHLY_CYCLE], Signal.CONTROL, Input.json(FROM_THE_FUTURE))
        await terminal.signal(targets.by_type[Workflow.MONTHLY_CYCLE], Signal.PREFERENCES_CHANGED, Input.json("5"))
        counted = await ignored(run, sent)
        wedged = await targets.wedged()
        run.notes.figures.update(signals=sent, ignored_counted=counted, wedged=wedged)
        if counted != sent:
            run.notes.findings.append(f"{sent} signals made no sense, {counted} were counted")
        if wedged:
            run.notes.findings.append(f"{wedged} workflow tasks failed or questions were not answered")
        else:
            await used(run, targets)
        told = await desk(run).notify(PERIOD, ControlState.RUNNING, "", "a scenario")
        if not (told.changed and told.heard):
            run.notes.findings.append("the cycle was not resumed")
    return 0


async def fire(targets: Targets, folder: Path) -> int:
    """Send everything to every workflow; return how many signals that were."""
    terminal, slots = Terminal(targets.run.installation), asyncio.Semaphore(AT_ONCE)
    shots = [(id_, shot) for workflow, id_ in targets.by_type.items() for shot in battery(workflow, folder)]

    async def one(workflow_id: str, name: str, given: Input) -> None:
        async with slots:
            await terminal.signal(workflow_id, name, given)

    await asyncio.gather(*(one(workflow_id, shot.name, shot.given) for workflow_id, shot in shots))
    return len(shots)


async def ignored(run: Run, wanted: int) -> int:
    """Return how many signals the worker has counted, as soon as they are as many as were sent."""
    url = run.installation.workers[0].metrics_url
    assert url is not None
    deadline, counted = time.monotonic() + PATIENCE_S, 0
    async with httpx.AsyncClient(trust_env=False, timeout=10) as browser:
        while counted < wanted and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_EVERY_S)
            text = (await browser.get(url)).text
            counted = sum(int(float(value)) for value in _IGNORED.findall(text))
    return counted


@asynccontextmanager
async def opened(run: Run) -> AsyncIterator[Targets]:
    """Hold the cycle in the middle of its wave, and open one of each of the others; end them."""
    installation, now = run.installation, datetime.now(UTC)
    await run.flow.reach(1)
    await desk(run).notify(PERIOD, ControlState.PAUSED, "malformed signals", "a scenario")
    waves = (await answered(lambda: run.cycle.query(Query.PROGRESS)))["current_waves"]
    due = now + timedelta(days=3)
    group = Followed(contacts=("a", "b"), first=due, second=due, expiry=due)
    request = FollowUpInput(period=OTHER, user_id=USER, groups=(group,), expiry_days=30)
    await TemporalFollowUps(installation.client, installation.database.ledger).start(request)
    await installation.desk().fire([Condition(GROUP, GROUP, "x", Severity.HIGH, {}, Evidence())])
    # A mail in flight is waited for: as long as this one is, the rollback is open.
    claim = {"kind": "invitation", "token": "a test", "at": now}
    entry = {"_id": f"{OTHER}.{USER}.z", "period": OTHER, "userId": USER, "contactId": "z", "status": "sending"}
    await installation.database.raw.invitations.insert_one({**entry, "claim": claim})
    await desk(run).notify(OTHER, ControlState.ROLLED_BACK, "malformed signals", "a scenario")
    rollback = await installation.client.start_workflow(
        Workflow.ROLL_BACK,
        RollBackInput(period=OTHER),
        id=ids.rollback_workflow_id(OTHER),
        task_queue=TaskQueue.OPS,
        result_type=RollBackResult,
        execution_timeout=timedelta(hours=1),
    )
    yield Targets(
        run,
        {
            Workflow.MONTHLY_CYCLE: run.cycle.id,
            Workflow.SEND_WAVE: ids.wave_workflow_id(PERIOD, datetime.fromisoformat(waves[0])),
            Workflow.FOLLOW_UP: ids.follow_up_workflow_id(OTHER, USER),
            Workflow.ALERT: ids.alert_workflow_id(GROUP),
            Workflow.ROLL_BACK: rollback.id,
        },
    )


async def used(run: Run, targets: Targets) -> None:
    """Signal each workflow as it is meant to be, and see that it obeys."""
    client, terminal, findings = run.installation.client, Terminal(run.installation), run.notes.findings
    follow_up = client.get_workflow_handle(targets.by_type[Workflow.FOLLOW_UP])
    at = datetime.now(UTC).isoformat()
    event = f'{{"invitation_id":"{OTHER}.{USER}.a","kind":"submitted","at":"{at}"}}'
    await terminal.signal(follow_up.id, Signal.EVENT, Input.json(event))
    steps: list[FollowedState] = await answered(lambda: follow_up.query(Query.STEPS, result_type=list[FollowedState]))
    ended = {one.contact_id: one.ended for one in steps}
    if ended != {"a": "submitted", "b": None}:
        findings.append(f"the follow-up stands at {ended}")
    await terminal.signal(follow_up.id, Signal.STOP, Input.json('"a scenario"'))
    async with asyncio.timeout(PATIENCE_S):
        await follow_up.result()
    if not await run.installation.desk().acknowledge(GROUP, "a scenario"):
        findings.append("the alert was not acknowledged")
    await run.installation.database.raw.invitations.delete_many({"period": OTHER})
    rollback = client.get_workflow_handle(targets.by_type[Workflow.ROLL_BACK])
    async with asyncio.timeout(PATIENCE_S):
        await rollback.result()
    alert = await client.get_workflow_handle(targets.by_type[Workflow.ALERT]).describe()
    if alert.status is not WorkflowExecutionStatus.RUNNING:
        findings.append("the group of alerts is gone")


def desk(run: Run) -> CycleControl:
    """Return where cycles are told what to do."""
    installation = run.installation
    return CycleControl(installation.database.controls, TemporalCycles(installation.client), SystemClock())


MALFORMED_SIGNALS = rehearsed(
    "malformed-signals",
    "every handler of every workflow is sent no, too many, wrong, oversized and absurd arguments by the temporal CLI",
    disturb,
    Arrangement(
        kills=1,
        users=40,
        gentle=True,
        environment={"RELANCE_MONITORING__METRICS_PORT": "0"},
    ),
)
