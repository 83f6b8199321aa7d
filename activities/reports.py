"""The activities of the partner desk's checks of Everflow reports (SPEC W1-W4)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities.attempt import heartbeating
from activities.errors import translated
from relance.contracts.checks import CheckLook, CheckRequest, NoDataInput
from relance.contracts.names import CheckName
from relance.domain.alerts.model import Rule
from relance.domain.reports.rules import CheckRules
from relance.ports import Reports
from relance.services.alerts import AlertService
from relance.services.conditions import EVERFLOW, everflow_down, without_data
from relance.services.report_checks import run_check

UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ReportChecks:
    """Runs a check and raises its alerts. A repeated run of the same check raises no alert twice."""

    reports: Reports
    rules: CheckRules
    alert_service: AlertService

    @activity.defn
    async def default_lp(self, request: CheckRequest) -> CheckLook:
        """Look for default landing pages with too many clicks on the day before the nominal time."""
        return await self._look(CheckName.DEFAULT_LP, request)

    @activity.defn
    async def paused_partner(self, request: CheckRequest) -> CheckLook:
        """Look for partners whose revenue fell against the same days a week earlier."""
        return await self._look(CheckName.PAUSED_PARTNER, request)

    @activity.defn
    async def no_data(self, request: NoDataInput) -> None:
        """Record that a check has no data. While Everflow is down one alert says so, not one per check."""
        with translated():
            if request.reason == UNAVAILABLE:
                await self.alert_service.fire([everflow_down(self.rules)])
            await self.alert_service.fire([without_data(request.check, self.rules, request.nominal, request.reason)])

    async def _look(self, check: CheckName, request: CheckRequest) -> CheckLook:
        async with heartbeating(lambda: None):
            with translated():
                seen = await run_check(check, self.reports, self.rules, request.nominal)
                open_ = await self.alert_service.observe(check, seen.conditions, seen.observation)
                await self.alert_service.clear(Rule.NO_DATA, check, seen.observation)
                await self.alert_service.clear(Rule.EVERFLOW_DOWN, EVERFLOW)
        # Not one that an earlier attempt of this look has opened.
        begun = activity.info().scheduled_time
        return CheckLook(
            observation=seen.observation,
            rows=seen.rows,
            findings=len(seen.findings),
            alerts=len(open_),
            known=sum(alert.fired_at < begun for alert in open_),
        )
