"""The balance of a period, drawn from the ledger: by the cycle at its end, by the CLI at any time (SPEC C13)."""

from __future__ import annotations

from decimal import Decimal

from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.failures import Severity
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


def imbalance(statistics: CycleStatistics) -> Sighting:
    """Return the sighting that a cycle's contacts are not all accounted for: somebody was lost or counted twice."""
    accounted = statistics.eligible - statistics.balance
    return Sighting(
        rule=Rule.CYCLE_IMBALANCE,
        group=Rule.CYCLE_IMBALANCE,
        subject=statistics.period,
        severity=Severity.CRITICAL,
        labels={"period": statistics.period},
        evidence=Evidence(
            value=Decimal(abs(statistics.balance)),
            threshold=Decimal(0),
            baseline=Decimal(statistics.eligible),
            current=Decimal(accounted),
        ),
    )
