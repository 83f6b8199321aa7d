"""Workflows that a person may have ended in Temporal Web: how they stand, and starting them again (SPEC R8)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from relance.contracts.control import ControlChange
from relance.contracts.cycle import WaveLook
from relance.contracts.reports import CycleReportInput
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.group import AlertGroup


class WorkflowState(StrEnum):
    """How a workflow stands; `cut_off` was terminated, cancelled, timed out or failed, `unknown` never ran or is
    forgotten.
    """

    RUNNING = "running"
    COMPLETED = "completed"
    CUT_OFF = "cut_off"
    UNKNOWN = "unknown"


class CycleStates(Protocol):
    """How cycles and waves stand."""

    async def cycle(self, period: str) -> WorkflowState:
        """Return how a period's cycle stands."""

    async def wave(self, period: str, instant: datetime) -> WaveLook:
        """Return whether the wave of an instant runs, and its result if it has completed."""


class CycleRestarts(CycleStates, Protocol):
    """What belongs to a cycle, started again; starting what runs already changes nothing."""

    async def end_cycle(self, period: str, change: ControlChange) -> bool:
        """Start a cycle that is to end, so that it gives up and balances; return whether it did not run."""

    async def rollback(self, period: str) -> tuple[WorkflowState, RollBackInput | None]:
        """Return how a period's rollback stands, and what it was asked for."""

    async def start_rollback(self, request: RollBackInput) -> bool:
        """Start a rollback; return whether it did not run."""

    async def report(self, period: str) -> tuple[WorkflowState, CycleReportInput | None]:
        """Return how the report of a period stands, and what it was asked for."""

    async def start_report(self, request: CycleReportInput) -> bool:
        """Start the report of a cycle; return whether it did not run."""


class AlertRestarts(Protocol):
    """Starts workflows of alert groups that are missing."""

    async def members(self, group: str) -> frozenset[str] | None:
        """Return the keys of the alerts that a group's workflow holds; None if it does not run.

        Raises:
            NobodyAnswers: no worker answers for this group just now.
            DependencyUnavailable: the server does not answer.
        """

    async def start(self, group: AlertGroup) -> bool:
        """Start a group's workflow with this state; return whether it did not run."""
