"""The report of a cycle to the channels (SPEC C13)."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.alerts import AlertDelivery
from activities.attempt import heartbeating
from activities.errors import translated
from relance import ids
from relance.contracts.alerts import Posted
from relance.contracts.reports import CycleReportPost
from relance.domain.channels.messages import OutgoingMessage
from relance.errors import InvalidInput
from relance.ports import CycleIllustrator, JobRuns
from relance.services.cycle_statistics import report_of
from relance.wording.reports.cycle import cycle_message

MONTHS = 12
"""How far back the chart of the months looks."""


@dataclass(frozen=True, slots=True)
class CycleReports:
    """Reports how a cycle ended, from stored figures. The channels are those of the alerts."""

    job_runs: JobRuns
    delivery: AlertDelivery
    illustrator: CycleIllustrator

    @activity.defn
    async def post_cycle_report(self, request: CycleReportPost) -> Posted:
        """Hand one report to one channel; a process that dies before this is recorded posts it once more, with the same
        key.

        Raises:
            InvalidInput: nothing is stored of the period.
        """
        async with heartbeating(lambda: None):
            with translated():
                return await self.delivery.deliver(request.channel, await self._message(request))

    async def _message(self, request: CycleReportPost) -> OutgoingMessage:
        months = await self.job_runs.cycles(request.period, MONTHS)
        if not months or months[-1].period != request.period:
            raise InvalidInput("period", f"nothing is stored of the cycle of {request.period}", "balance it first")
        report, voice = report_of(months[-1]), self.delivery.voice
        key = ids.cycle_report_key(request.period, request.at)
        return cycle_message(
            report,
            key=key,
            at=request.at.astimezone(ZoneInfo(voice.zone)),
            language=voice.language,
            attachments=await self.illustrator.attachments(report, months, key, voice.language),
        )
