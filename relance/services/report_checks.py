"""Runs one check of the partner desk: for its activity, for a dry run, for a backtest (SPEC section 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from relance.contracts.names import CheckName
from relance.domain.alerts.condition import Condition, condition_of_finding
from relance.domain.reports.rules import (
    DEFAULT_LP_COLUMNS,
    PAUSED_PARTNER_COLUMNS,
    CheckRules,
    Finding,
    default_lp,
    default_lp_window,
    paused_partner,
    paused_partner_windows,
)
from relance.domain.reports.table import ReportColumn, ReportRequest, ReportTable
from relance.domain.zones import Window
from relance.errors import ReportError
from relance.ports import Reports


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What a check saw as of one nominal time: the findings, worst first, and the same as conditions."""

    check: CheckName
    window: Window
    rows: int
    findings: Sequence[Finding]
    conditions: Sequence[Condition]

    @property
    def observation(self) -> str:
        """What orders the looks: the last day looked at."""
        return self.window.last_day.isoformat()


@dataclass(frozen=True, slots=True)
class FindingContext:
    """Where findings were seen: the windows, the currency, the accounts' statuses by partner."""

    currency: str
    window: Window
    baseline_window: Window | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)


async def run_check(check: CheckName, reports: Reports, rules: CheckRules, nominal: datetime) -> CheckRun:
    """Return what a check finds; raises what `Reports` raises, so that no data is never "all clear" (SPEC W4)."""
    return await _LOOKS[check](reports, rules, nominal)


async def _default_lp(reports: Reports, rules: CheckRules, nominal: datetime) -> CheckRun:
    window = default_lp_window(nominal, rules.zone)
    table = await _rows(reports, window, DEFAULT_LP_COLUMNS)
    findings = default_lp(table.rows, rules.default_lp)
    seen = _conditions(CheckName.DEFAULT_LP, rules, findings, FindingContext(table.currency, window))
    return CheckRun(CheckName.DEFAULT_LP, window, len(table.rows), findings, seen)


async def _paused_partner(reports: Reports, rules: CheckRules, nominal: datetime) -> CheckRun:
    windows = paused_partner_windows(nominal, rules.zone)
    previous = await _rows(reports, windows.previous, PAUSED_PARTNER_COLUMNS)
    current = await _rows(reports, windows.current, PAUSED_PARTNER_COLUMNS)
    findings = paused_partner(previous.rows, current.rows, rules.paused_partner)
    statuses = await _statuses(reports, findings)
    seen = FindingContext(current.currency, windows.current, windows.previous, statuses)
    return CheckRun(
        CheckName.PAUSED_PARTNER,
        windows.current,
        len(previous.rows) + len(current.rows),
        findings,
        _conditions(CheckName.PAUSED_PARTNER, rules, findings, seen),
    )


_LOOKS: Mapping[CheckName, Callable[[Reports, CheckRules, datetime], Awaitable[CheckRun]]] = {
    CheckName.DEFAULT_LP: _default_lp,
    CheckName.PAUSED_PARTNER: _paused_partner,
}


async def _rows(reports: Reports, window: Window, columns: tuple[ReportColumn, ...]) -> ReportTable:
    return await reports.rows(ReportRequest(window.first_day, window.last_day, columns))


async def _statuses(reports: Reports, findings: Sequence[Finding]) -> Mapping[str, str]:
    if not findings:
        return {}
    try:
        return await reports.partner_status([finding.subject for finding in findings])
    except ReportError:
        # It only adds to what was found: a drop must not wait for it.
        return {}


def _conditions(
    check: CheckName, rules: CheckRules, findings: Sequence[Finding], seen: FindingContext
) -> list[Condition]:
    return [
        condition_of_finding(
            finding,
            rule=check,
            severity=rules.severity,
            currency=seen.currency,
            window=seen.window,
            baseline_window=seen.baseline_window,
            account_status=seen.statuses.get(finding.subject),
            observation=seen.window.last_day.isoformat(),
        )
        for finding in findings
    ]
