"""The partner desk's checks: what they are started with, by their Schedules and by hand (SPEC section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from relance import ids
from relance.contracts.checks import CheckInput, CheckResult
from relance.contracts.names import CheckName, TaskQueue, Workflow
from relance.domain.zones import zone_info
from relance.settings.everflow import Everflow

RPC_TIMEOUT = timedelta(seconds=10)

WORKFLOWS: Mapping[CheckName, Workflow] = {
    CheckName.DEFAULT_LP: Workflow.DEFAULT_LP,
    CheckName.PAUSED_PARTNER: Workflow.PAUSED_PARTNER,
}
SUMMARIES: Mapping[CheckName, str] = {
    CheckName.DEFAULT_LP: "Looks for default landing pages with many clicks",
    CheckName.PAUSED_PARTNER: "Looks for partners whose revenue fell",
}


def cron_of(check: CheckName, settings: Everflow) -> str:
    """Return when a check runs, in the zone of the reports."""
    return settings.default_lp_cron if check is CheckName.DEFAULT_LP else settings.paused_cron


def catchup_of(check: CheckName, settings: Everflow) -> timedelta:
    """Return how late a missed run of a check is made up for."""
    return settings.default_lp_catchup if check is CheckName.DEFAULT_LP else settings.paused_catchup


def check_input(check: CheckName, settings: Everflow, nominal: datetime | None = None) -> CheckInput:
    """Return what a check is started with; without a nominal time its Schedule's counts."""
    return CheckInput(nominal=nominal, patience=settings.patience, max_wait=catchup_of(check, settings))


async def start_check(
    client: Client, check: CheckName, settings: Everflow, nominal: datetime
) -> WorkflowHandle[Any, CheckResult]:
    """Start a check for a nominal time; while one for the same day runs, that is the one returned."""
    day = nominal.astimezone(zone_info(settings.timezone)).date()
    return await client.start_workflow(
        WORKFLOWS[check],
        check_input(check, settings, nominal),
        id=ids.check_workflow_id(check, day),
        task_queue=TaskQueue.OPS,
        result_type=CheckResult,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=f"{SUMMARIES[check]}, for {day}",
        rpc_timeout=RPC_TIMEOUT,
    )
