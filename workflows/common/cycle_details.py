"""What Temporal Web shows of a cycle at a glance."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from relance.contracts.cycle import CycleProgress, CycleStatistics
    from relance.wording.summaries import counted


def show_progress(progress: CycleProgress, control: str) -> None:
    """Show the stage of the cycle, its control, and what its waves have done so far."""
    counts = progress.counts
    workflow.set_current_details(
        _head(progress.stage, control)
        + f"{counted(progress.users_planned, 'user')} planned · {counted(progress.waves_done, 'wave')} done · "
        f"{counts.sent} sent, {counts.skipped} skipped, {counts.failed} failed, {counts.deferred} deferred"
    )


def show_end(statistics: CycleStatistics, control: str) -> None:
    """Show how the cycle ended: whatever follow-ups sent or decided after the waves is in it."""
    workflow.set_current_details(
        _head("done", control) + f"{statistics.sent} sent, {sum(statistics.skipped.values())} skipped, "
        f"{sum(statistics.failed.values())} failed, {statistics.uncertain} uncertain, "
        f"{statistics.cancelled} cancelled of {counted(statistics.eligible, 'contact')}"
    )


def _head(stage: str, control: str) -> str:
    return f"**{stage}** · " + (f"**{control}** · " if control else "")
