"""Starting a cycle by hand: once per period, whatever ran before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from relance import ids
from relance.cli.base.command import Run
from relance.cli.base.output import cell
from relance.cli.base.resources import Repositories
from relance.contracts.cycle import CycleInput, CycleStatistics
from relance.contracts.names import MONTHLY_SCHEDULE, TaskQueue, Workflow
from relance.domain.cycle.control import VERBS, Control, ControlState
from relance.domain.cycle.send_times import period_of_opening
from relance.domain.jobs.audit import beginning, left_behind
from relance.domain.jobs.run import LATE, JobRun
from relance.services.cycle_decisions import by_whom
from relance.services.cycle_statistics import report_of
from relance.temporal.errors import is_missing
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.schedules import RPC_TIMEOUT
from relance.wording.summaries import counted

LOOK_BACK = timedelta(days=62)
_CUT = frozenset(
    {
        WorkflowExecutionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED,
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.TIMED_OUT,
    }
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a request to start a cycle.

    `state` is `started`, `running`, `done`, or for one that was ended for good `cancelled` or `rolled_back`.

    `statistics` is the stored report of a cycle that the server need not be asked about any more.
    """

    state: str
    sentence: str
    handle: WorkflowHandle[object, CycleStatistics]
    statistics: CycleStatistics | None = None


def cycle_handle(client: Client, period: str) -> WorkflowHandle[object, CycleStatistics]:
    """Return the handle of a period's cycle."""
    return client.get_workflow_handle(ids.cycle_workflow_id(period), result_type=CycleStatistics)


async def open_by_hand(run: Run, client: Client, database: Repositories, request: CycleInput) -> Opened:
    """Start a cycle as `open_cycle` does, and record that the nominal time which was to open it is made up for.

    Whoever dies in between leaves a cycle that runs; saying it again records nothing, and the audit does.
    """
    opened = await open_cycle(client, database, request)
    if opened.state == "started":
        await _record(run, client, database, request.period)
    return opened


async def _record(run: Run, client: Client, database: Repositories, period: str) -> None:
    now, zone = run.services.clock.now(), run.settings.scheduling.default_zone
    times = TemporalNominalTimes(client)
    schedule = await times.schedule(MONTHLY_SCHEDULE)
    if schedule is None:
        return
    # What the audit knows or will list, and nothing else: a new expression has times of before it, which were none.
    mark = await database.audit_marks.get(MONTHLY_SCHEDULE)
    passed, _ = await times.matching(MONTHLY_SCHEDULE, beginning(mark, schedule), now)
    open_ = [due.nominal for due in mark.open] if mark is not None else []
    recorded = [
        job_run.nominal for job_run in await database.job_runs.runs(job=MONTHLY_SCHEDULE, since=now - LOOK_BACK)
    ]
    for nominal in {*passed, *left_behind(mark, schedule), *open_, *recorded}:
        if period_of_opening(nominal, zone) == period:
            detail: dict[str, str | int] = {"period": period, "by": "hand"}
            await database.job_runs.record(
                JobRun(job=MONTHLY_SCHEDULE, nominal=nominal, state=LATE, at=now, detail=detail)
            )


async def open_cycle(client: Client, database: Repositories, request: CycleInput) -> Opened:
    """Start a cycle unless its period is open or done already; one that failed or was ended in Temporal goes on.

    Going on means that a new run finds the plans and entries of the one before: what is sent or decided stays so.
    """
    handle = cycle_handle(client, request.period)
    control = await database.controls.get(request.period)
    stored = await database.job_runs.statistics(request.period)
    if stored is not None and stored.open == 0 and stored.plans_open == 0:
        # The server forgets closed workflows after its retention; the stored report stays.
        sentence = f"The cycle of {request.period} is done already: {counted(stored.sent, 'invitation')} had been sent."
        if not report_of(stored).is_well:
            sentence += f" Not everybody was written to: see cycle report {request.period}."
        return _ended(control, Opened("done", sentence, handle, stored))
    before = await _ended_before(client, handle)
    if before is not None and request.not_before is None:
        request = request.model_copy(update={"not_before": before.not_before})
    # One that has ended with plans open has completed, and goes on all the same.
    left = stored is not None and stored.plans_open > 0
    policy = WorkflowIDReusePolicy.ALLOW_DUPLICATE if left else WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    try:
        await client.start_workflow(
            Workflow.MONTHLY_CYCLE,
            request,
            id=handle.id,
            task_queue=TaskQueue.INVITATIONS,
            id_reuse_policy=policy,
            static_summary=f"Invitations of {request.period}",
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return _ended(control, await _already(handle, request.period))
    if control.state.final:
        words = VERBS[control.state]
        sentence = f"The cycle of {request.period} was {words}: a new run gives up what is left, and sends nothing."
        return Opened("started", sentence, handle)
    if before is not None:
        return Opened("started", f"The cycle of {request.period} goes on from its ledger, in a new run.", handle)
    return Opened("started", f"The cycle of {request.period} is started.", handle)


def held(control: Control) -> str:
    """Say of a paused cycle that it is."""
    return f"It is paused{by_whom(control)}: nothing is sent until `cycle resume {control.id}`."


def _ended(control: Control, found: Opened) -> Opened:
    """Say of a cycle that was told to stop that it was; one that somebody ended is not just done."""
    period, decided = control.id, by_whom(control)
    if control.state is ControlState.PAUSED and found.state == "running":
        return replace(found, sentence=f"{found.sentence} {held(control)}")
    if not control.state.final:
        return found
    more = "nothing more is sent for it"
    said = f"The cycle of {period} was {VERBS[control.state]}{decided}; {more}. `cycle report {period}` shows the rest."
    return replace(found, state=control.state.value, sentence=said)


async def _ended_before(client: Client, handle: WorkflowHandle[object, CycleStatistics]) -> CycleInput | None:
    """Return what a cycle was started with that ended before its balance; None if there is none."""
    try:
        found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        if found.status not in _CUT:
            return None
        async for event in handle.fetch_history_events(page_size=1, rpc_timeout=RPC_TIMEOUT):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            [request] = await client.data_converter.decode(payloads, [CycleInput])
            return request if isinstance(request, CycleInput) else None
    except RPCError as error:
        if not is_missing(error):
            raise
    return None


async def _already(handle: WorkflowHandle[object, CycleStatistics], period: str) -> Opened:
    found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
    if found.status is WorkflowExecutionStatus.RUNNING:
        sentence = (
            f"The cycle of {period} runs already, since {cell(found.start_time)}: each user gets what is planned at "
            "the user's own time. It is left as it is."
        )
        return Opened("running", sentence, handle)
    return Opened("done", f"The cycle of {period} is done already, since {cell(found.close_time)}.", handle)
