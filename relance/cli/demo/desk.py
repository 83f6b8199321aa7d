"""The demo's partner desk: two checks find something, people are notified once, the alerts resolve next morning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from temporalio.client import WorkflowHandle

from relance import ids
from relance.cli.base.alert_service import alert_service
from relance.cli.base.command import Run
from relance.cli.base.resources import Repositories
from relance.cli.demo.desk_report import DeskAccount
from relance.cli.demo.virtual_time import BEYOND, PAUSE, VirtualTime
from relance.cli.dev.embedded import Embedded
from relance.contracts.alerts import AlertView
from relance.contracts.checks import CheckResult
from relance.contracts.names import CheckName, Query
from relance.devstack.chat.client import Chat
from relance.domain.alerts.group import AlertCounts, AlertGroup
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.failures import Severity
from relance.domain.jobs.cron import nominal_on
from relance.temporal.checks import RPC_TIMEOUT, cron_of, start_check
from relance.temporal.queries import unless_silent

PATIENCE = 30.0
"""Seconds for a report, and for a group to take in what it was told; then the account shows what is missing."""

DAY = timedelta(days=1)
QUIET = timedelta(days=3)
"""The sample network has its findings on one morning and none before: that morning is moved beyond the demo."""

PERSON = "demo"

GroupHandle = WorkflowHandle[object, AlertCounts]


@dataclass(frozen=True, slots=True)
class DeskStory:
    """The acts of the partner desk."""

    run: Run
    place: Embedded
    database: Repositories
    time: VirtualTime

    async def play(self) -> DeskAccount:
        """Run both checks, one of them twice, acknowledge, and run them again the next morning."""
        began, day = self.run.services.clock.now(), self.place.network.day
        first = [await self._check(check, day) for check in CheckName]
        groups = sorted({alert.group for alert in await self.database.alerts.open() if _is_told_at_once(alert)})
        await self._all(groups, _is_told)
        again = await self._check(CheckName.DEFAULT_LP, day)
        await self._acknowledge(groups)
        await self.place.network.load(day + DAY + QUIET)
        await self._sleep_until_morning(groups, day + DAY)
        later = [await self._check(check, day + DAY) for check in CheckName]
        await self._all(groups, _is_gone)
        # Whatever else was raised meanwhile is accounted for too.
        raised = [alert for alert in await self.database.alerts.recent(began) if _is_told_at_once(alert)]
        counts = await asyncio.gather(*(self._end(group) for group in sorted({alert.group for alert in raised})))
        # Who looks around with KEEP=1 finds something again.
        await self.place.network.load(day)
        return await self._account(began, first, [again, *later], counts)

    async def _check(self, check: CheckName, day: date) -> CheckResult:
        everflow = self.place.settings.everflow.model_copy(update={"patience": timedelta(seconds=PATIENCE)})
        handle = await start_check(self.place.client, check, everflow, self._nominal(check, day))
        return await handle.result()

    def _nominal(self, check: CheckName, day: date) -> datetime:
        everflow = self.place.settings.everflow
        return nominal_on(day, cron_of(check, everflow), everflow.timezone)

    async def _acknowledge(self, groups: list[str]) -> None:
        # Else the night would bring the repeats (SPEC A2).
        service = alert_service(self.place.settings, self.run.services.clock, self.place.client, self.database)
        for group in groups:
            await service.acknowledge(group, PERSON)
        await self._all(groups, _is_acknowledged)

    async def _sleep_until_morning(self, groups: list[str], day: date) -> None:
        morning = max(self._nominal(check, day) for check in CheckName) + BEYOND
        await asyncio.gather(*(self.time.advance(self._handle(group), morning) for group in groups))

    async def _end(self, group: str) -> AlertCounts:
        """Let the hold pass, and the time in which coming back would be flapping; then the group is done."""
        handle, policy = self._handle(group), self.place.settings.alerts.policy
        over = await self.time.now(handle) + policy.resolve_hold + policy.flap_window + BEYOND
        await self.time.advance(handle, over)
        try:
            async with asyncio.timeout(PATIENCE):
                return await handle.result()
        except TimeoutError:
            view = await self._view(handle)
            return view.counts if view is not None else AlertCounts()

    async def _all(self, groups: list[str], holds: Callable[[AlertGroup], bool]) -> None:
        async def until(handle: GroupHandle) -> None:
            while (view := await self._view(handle)) is None or not holds(view):  # noqa: ASYNC110 - only the workflow knows
                await asyncio.sleep(PAUSE)

        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(until(self._handle(group)) for group in groups))
        except TimeoutError:
            return

    async def _view(self, handle: GroupHandle) -> AlertGroup | None:
        view: AlertView | None = await unless_silent(
            handle.query(Query.VIEW, result_type=AlertView, rpc_timeout=RPC_TIMEOUT)
        )
        return view.group if view is not None else None

    def _handle(self, group: str) -> GroupHandle:
        return self.place.client.get_workflow_handle(ids.alert_workflow_id(group), result_type=AlertCounts)

    async def _account(
        self, since: datetime, first: list[CheckResult], others: list[CheckResult], counts: list[AlertCounts]
    ) -> DeskAccount:
        async with Chat(await self.place.stack.open_chat()) as chat:
            posted = [message.key for message in await chat.messages()]
        return DeskAccount(
            first,
            others,
            counts,
            [alert for alert in await self.database.alerts.recent(since) if _is_told_at_once(alert)],
            (await self.database.chat_messages.page()).items,
            posted,
        )


def _is_told_at_once(alert: AlertRecord) -> bool:
    # The others wait for the digest of the next morning (SPEC A5).
    return alert.severity is not Severity.LOW


def _is_told(group: AlertGroup) -> bool:
    notified = [member.told_at is not None and member.news is None for member in group.members.values()]
    return bool(notified) and all(notified)


def _is_acknowledged(group: AlertGroup) -> bool:
    return all(member.state is AlertState.ACKNOWLEDGED for member in group.members.values())


def _is_gone(group: AlertGroup) -> bool:
    return all(member.away_since is not None for member in group.members.values())
