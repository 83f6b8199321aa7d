"""The balance of a period, drawn from the ledger: by the cycle at its end, by the CLI at any time (SPEC C13)."""

from __future__ import annotations

from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.domain.ledger import sum_up
from relance.ports import Ledger, Plans


async def balance_period(
    ledger: Ledger, plans: Plans, period: str, progress: CycleProgress | None = None
) -> CycleStatistics:
    """Return the period's balance; `eligible` comes from the plans, the outcomes from the ledger."""
    balance = sum_up(await ledger.outcomes(period), eligible=await plans.expected(period))
    return CycleStatistics(
        period=period,
        eligible=balance.eligible,
        sent=balance.sent,
        cancelled=balance.cancelled,
        skipped=dict(balance.skipped),
        failed=dict(balance.failed),
        uncertain=balance.uncertain,
        open=balance.open,
        balance=balance.balance,
        plans_open=await plans.open_count(period),
        progress=progress,
    )
