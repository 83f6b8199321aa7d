"""The demo's month: a cycle, answers, both reminders and the expiry, in fast motion."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import WorkflowHandle

from relance.cli.base.command import Run
from relance.cli.base.resources import Repositories
from relance.cli.cycle.watching import Watch
from relance.cli.demo.answers import Answers
from relance.cli.demo.report import WITHOUT_OUTCOME, MonthAccount
from relance.cli.demo.virtual_time import AT_ONCE, FastMotion
from relance.cli.dev.embedded import Embedded
from relance.cli.start.opening import open_cycle
from relance.contracts.cycle import CycleInput
from relance.contracts.follow_up import FollowedState, FollowUpStep
from relance.devstack.mailbox.client import Mailbox
from relance.domain.invitations.invitation import Invitation
from relance.services.cycle_statistics import balance_period
from relance.temporal.schedules import cycle_options

# Nobody changes preferences during the demo, and every planning pass of the month costs real time.
REPLAN_EVERY = timedelta(days=10)
UNTIL = {
    FollowUpStep.FIRST: {FollowUpStep.RETRY, FollowUpStep.FIRST},
    FollowUpStep.SECOND: {FollowUpStep.RETRY, FollowUpStep.FIRST, FollowUpStep.SECOND},
    FollowUpStep.EXPIRY: set(FollowUpStep),
}
NAMES = {FollowUpStep.FIRST: "first reminders", FollowUpStep.SECOND: "second reminders", FollowUpStep.EXPIRY: "expiry"}


@dataclass(frozen=True, slots=True)
class Story:
    """The acts of the month."""

    run: Run
    place: Embedded
    database: Repositories
    period: str
    motion: FastMotion
    answers: Answers

    async def play(self) -> None:
        """Run the cycle through its month, then its reminders."""
        await self.invite()
        await self.remind()

    async def invite(self) -> None:
        """Run the cycle through its month, wave by wave."""
        options = cycle_options(self.place.settings).model_copy(update={"replan_every": REPLAN_EVERY})
        opened = await open_cycle(self.place.client, self.database, CycleInput(period=self.period, options=options))
        self.run.out.note(f"{opened.sentence} Its month passes in fast motion.")
        watch = Watch(self.run.out, self.place.client, self.database, self.period)
        month = asyncio.ensure_future(self._month(opened.handle))
        await watch.show_until(month)
        await month

    async def _month(self, handle: WorkflowHandle[object, object]) -> None:
        while await self.motion.next_wave() or await self.motion.settle():
            # Who was put off (greylisting) is tried again by his follow-up, long before the month is over.
            put_off = {
                invitation.user_id for invitation in await self._entries() if invitation.status in WITHOUT_OUTCOME
            }
            await self._steps("further tries", {FollowUpStep.RETRY}, sorted(put_off))
        await handle.result()

    async def remind(self) -> None:
        """Let contacts answer by every way in, half of those who submit before each reminder, and move time over it."""
        sent = [invitation for invitation in await self._entries() if invitation.sent_at is not None]
        answering = sent[::3]
        for clicking in sent[1:2]:
            await self.answers.unsubscribe(clicking)
        for bouncing in sent[2:3]:
            await self.answers.bounce(bouncing)
        for step, answers in (
            (FollowUpStep.FIRST, answering[::2]),
            (FollowUpStep.SECOND, answering[1::2]),
            (FollowUpStep.EXPIRY, []),
        ):
            await self.answers.submit(answers)
            await self._steps(NAMES[step], UNTIL[step], await self._user_ids(), show=True)
        self.run.out.note(
            f"{len(answering)} contacts answered over HTTP, one unsubscribed by a click, one mail bounced."
        )

    async def _steps(self, name: str, steps: set[FollowUpStep], user_ids: list[str], *, show: bool = False) -> None:
        def wanted(state: FollowedState) -> bool:
            return state.step in steps

        handles = await self.motion.follow_ups(user_ids)
        slots = asyncio.Semaphore(AT_ONCE)
        with self.run.out.progress(shown=show) as bar:
            task = bar.add_task(name, total=len(handles))

            async def one(handle: WorkflowHandle[object, object]) -> None:
                async with slots:
                    await self.motion.run_steps(handle, wanted)
                bar.advance(task)

            await asyncio.gather(*(one(handle) for handle in handles))

    async def account(self) -> MonthAccount:
        """Balance the ledger against the mailbox's own log."""
        async with Mailbox(self.place.stack.mailbox_http) as mailbox:
            arrived = [mail.message_id or "" for mail in await mailbox.log()]
        stored = await self.database.job_runs.statistics(self.period)
        progress = stored.progress if stored else None
        return MonthAccount(
            await balance_period(self.database.ledger, self.database.plans, self.period, progress),
            await self.database.ledger.reminder_outcomes(self.period),
            await self._entries(),
            arrived,
            self.answers.counts,
        )

    async def _user_ids(self) -> list[str]:
        return [user.id async for page in self.database.users.pages() for user in page.items]

    async def _entries(self) -> list[Invitation]:
        found = await self.database.ledger.of_users(self.period, await self._user_ids())
        return [entry for entries in found.values() for entry in entries]
