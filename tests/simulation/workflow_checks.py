"""What is looked at when a workflow grows, goes on as another run, or ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from temporalio.client import WorkflowExecutionStatus as Status

from relance import ids
from tests.simulation.control_history import ControlHistory
from tests.simulation.temporal.run import WorkflowRun
from tests.simulation.temporal.server import Workflows
from tests.simulation.world import World
from workflows.cycle_report import CycleReport
from workflows.monthly_cycle import MonthlyCycle
from workflows.send_wave import SendWave

LONGEST_TAIL = 400
"""Events by which a history may grow once the server has suggested to continue as new."""


@dataclass
class WorkflowChecks:
    """Watches the workflows of a run; `reports_due` counts a period's cycles and reports that ended."""

    world: World
    controls: ControlHistory
    reports_due: Counter[str] = field(default_factory=Counter)
    orphans: dict[str, WorkflowRun] = field(default_factory=dict)

    def watch(self, workflows: Workflows) -> None:
        """Begin to watch."""
        workflows.on_grown = self._grew
        workflows.on_continued = self._continued
        workflows.on_refused = self._child_refused
        workflows.on_ended = self._ended

    def _grew(self, run: WorkflowRun) -> None:
        """Look at the length of a history."""
        if run.length > run.suggested_at + LONGEST_TAIL:
            self.world.violated("history", f"{run.id} has {run.length} events and does not continue as new")

    def _continued(self, before: WorkflowRun, after: WorkflowRun) -> None:
        """Look whether the new run answers as the old one did: what it has forgotten, others may heal for a while."""
        known, kept = before.answers(), after.answers()
        for name, answer in known.items():
            if _in_any_order(answer) != _in_any_order(kept[name]):
                self.world.violated("carried", f"{before.id} answered {name} with {answer}, now with {kept[name]}")

    def _child_refused(self, parent: WorkflowRun, running: WorkflowRun) -> None:
        """Note that a cycle has learned of a wave that an earlier run of it has started."""
        if running.start.cls is SendWave:
            self.orphans[running.start.first] = parent

    def _check_orphan(self, wave: WorkflowRun) -> None:
        cycle = self.orphans.pop(wave.start.first, None)
        # A cycle that is about to continue as new leaves the wave to its next run.
        if cycle is None or cycle.closed or cycle.is_long or wave.status is not Status.COMPLETED:
            return
        known = [
            ids.wave_workflow_id(cycle.id.removeprefix("cycle/"), at) for at in cycle.query("progress").current_waves
        ]
        if wave.id not in known:
            self.world.violated("orphan", f"{wave.id} ends, and {cycle.id} has not waited for it")

    def _ended(self, run: WorkflowRun) -> None:
        """Look at what a cycle leaves behind when it says that it is done."""
        if run.start.cls is SendWave:
            self._check_orphan(run)
        if run.start.cls is CycleReport and run.status is not Status.COMPLETED:
            self.reports_due[run.id.rpartition("/")[2]] += 1
        if run.start.cls is not MonthlyCycle or run.status is not Status.COMPLETED:
            return
        period = run.id.removeprefix("cycle/")
        self.reports_due[period] += 1
        if self.controls.state(period).final:
            return
        waves = [one.id for one in run.siblings() if one.id.startswith(f"{run.id}/wave/")]
        plans = [
            one["_id"]
            for one in self.world.store.table("plans").near({})
            if one["period"] == period and one["status"] in {"planned", "sending"}
        ]
        if waves or plans:
            self.world.violated("orphan", f"{run.id} completed while {(waves + plans)[:3]} are open")


def _in_any_order(answer: object) -> object:
    return sorted(answer, key=repr) if isinstance(answer, list) else answer
