"""The reports people get without asking: the daily digest and the weekly noise report (SPEC A2, A3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.alerts import AlertDelivery
from activities.attempt import heartbeating
from activities.errors import translated
from relance import ids
from relance.contracts.alerts import Posted
from relance.contracts.names import JobName
from relance.contracts.reports import ReportDone, ReportInput, ReportPost, ReportTaken
from relance.domain.alerts.noise import NoiseFigures, noise_report
from relance.domain.channels.digest import CycleMails, Digest, digest, looked_back_to
from relance.domain.channels.messages import OutgoingMessage
from relance.ports import Alerts, JobRuns, Ledger, Plans
from relance.ports.jobs import PostedReports
from relance.ports.reconciliation import CycleWatch, ReconcileRows
from relance.services.cycle_statistics import balance_period
from relance.wording.reports.digest import digest_message
from relance.wording.reports.noise import noise_message

COVERS = {JobName.DIGEST: timedelta(days=1), JobName.NOISE: timedelta(days=7)}
GIVEN_UP_AFTER = timedelta(hours=6)
"""A run that took a report on posts it within this time or never."""

MOST_RUNS, MOST_ALERTS = 20_000, 5_000


@dataclass(frozen=True, slots=True)
class Digests:
    """Reads the figures and posts one report per nominal day. With `when_quiet` an empty report is posted too."""

    alerts: Alerts
    job_runs: JobRuns
    ledger: Ledger
    plans: Plans
    reconcile_rows: ReconcileRows
    cycles: CycleWatch
    posted: PostedReports
    delivery: AlertDelivery
    when_quiet: bool

    @activity.defn
    async def take_report(self, request: ReportInput) -> ReportTaken:
        """Take a report on and return what there is to tell; two runs of a day post it once."""
        async with heartbeating(lambda: None):
            with translated():
                last = await self.posted.last(request.job, request.nominal)
                since = looked_back_to(last, request.nominal, COVERS[request.job])
                counts, quiet = await self._counts(request.job, since, request.nominal)
                wanted = self.when_quiet or not quiet
                mine = wanted and not request.dry_run and await self._take(request)
        already = {"already_posted": 1} if wanted and not request.dry_run and not mine else {}
        return ReportTaken(since=since, post=mine, counts={**counts, **already})

    @activity.defn
    async def post_report(self, request: ReportPost) -> Posted:
        """Hand a report to one channel.

        A process that dies before this is recorded posts it once more, with the same key.
        """
        async with heartbeating(lambda: None):
            with translated():
                return await self.delivery.deliver(request.channel, await self._message(request))

    @activity.defn
    async def give_report_up(self, request: ReportDone) -> None:
        """Release a report that no channel took, so that the next start of the job can post it."""
        with translated():
            await self.posted.give_up(self._key(request.job, request.nominal), request.owner)

    @activity.defn
    async def report_done(self, request: ReportDone) -> None:
        """Record that somebody has the report."""
        with translated():
            await self.posted.done(self._key(request.job, request.nominal), request.owner)

    async def _take(self, request: ReportInput) -> bool:
        key = self._key(request.job, request.nominal)
        stale = request.at - GIVEN_UP_AFTER
        return await self.posted.take(key, request.job, request.nominal, request.owner, request.at, stale=stale)

    async def _counts(self, job: JobName, since: datetime, until: datetime) -> tuple[dict[str, int], bool]:
        if job is JobName.NOISE:
            report = await self._noise(since, until)
            noisy = sum(rule.noisy for rule in report.rules)
            return {"rules": len(report.rules), "noisy_rules": noisy}, not report.rules
        found = await self._digest(since, until)
        return found.counts, found.is_quiet

    async def _message(self, request: ReportPost) -> OutgoingMessage:
        voice, key = self.delivery.voice, self._key(request.job, request.nominal)
        at = request.at.astimezone(ZoneInfo(voice.zone))
        if request.job is JobName.NOISE:
            report = await self._noise(request.since, request.nominal)
            return noise_message(report, key=key, at=at, language=voice.language)
        found = await self._digest(request.since, request.nominal)
        return digest_message(found, key=key, at=at, language=voice.language)

    async def _noise(self, since: datetime, until: datetime) -> NoiseFigures:
        return noise_report(await self.alerts.recent(since, limit=MOST_ALERTS), since, until)

    async def _digest(self, since: datetime, until: datetime) -> Digest:
        return digest(
            since,
            until,
            open_alerts=await self.alerts.open(),
            recent=await self.alerts.recent(since, limit=MOST_ALERTS),
            runs=await self.job_runs.runs(since=since, limit=MOST_RUNS),
            cycles=[await self._mails(period, since, until) for period in await self._running()],
        )

    async def _running(self) -> list[str]:
        return [period for period in await self.reconcile_rows.periods() if await self.cycles.runs(period)]

    async def _mails(self, period: str, since: datetime, until: datetime) -> CycleMails:
        found = await balance_period(self.ledger, self.plans, period)
        lately = await self.reconcile_rows.sent_between(period, since, until)
        return CycleMails(period, found.sent, lately, sum(found.failed.values()), found.open)

    def _key(self, job: JobName, nominal: datetime) -> str:
        return ids.report_key(job, nominal.astimezone(ZoneInfo(self.delivery.voice.zone)).date())
