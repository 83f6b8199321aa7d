"""One month over an absence: three waves, in the last of which everything stops, and what is made up for after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.contracts.cycle import CycleOptions, CycleProgress
from relance.contracts.names import JobName, Query, Workflow
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.cycle.send_times import period_window
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.people import ContactStatus
from relance.services.events import EventIntake
from relance.settings import Settings
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.jobs import start_job
from tests.faults.away.people import AFTER, BACK, EARLY, LAST, MANY, MIDDLE, day_zero
from tests.faults.away.reminded import Mail, mails_of
from tests.faults.away.site import Away
from tests.support.installation import CycleHandle
from tests.support.mail_flow import MailFlow

# One planning pass is enough: an hourly one would be skipped to 700 times a month.
OPTIONS = CycleOptions(batch_users=1, batches_in_flight=2, replan_every=timedelta(days=60))
CONFIRMED_AFTER_S, SLOWLY_S = 0.05, 2.5
REST_S = 3.0
"""Longer than a mail takes that is confirmed slowly."""
STOPPED_AFTER = 0.3
"""Share of the last wave after which everything stops."""
REMINDED = timedelta(minutes=30)
HOP = timedelta(hours=3)
SENDING = frozenset({Workflow.MONTHLY_CYCLE, Workflow.SEND_WAVE})
"""While a wave is paused these stay behind: the wave asks the database every hour, which would take a second each; the
time of a cycle stands still while it waits for its wave."""


@dataclass
class Month:
    """A period whose cycle runs by the calendar; `ended` are the invitations that people ended, and when."""

    away: Away
    period: str
    cycle: CycleHandle
    gone: set[str] = field(default_factory=set)
    ended: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    async def begun(cls, away: Away, period: str) -> Month:
        """Start the cycle, as its Schedule would before the month begins."""
        cycle = await away.site.installation.start_cycle(period, OPTIONS, send_now=False)
        contacts = away.site.installation.database.raw.contacts
        gone = {one["_id"] async for one in contacts.find({"status": {"$ne": "active"}}, {"_id": 1})}
        return cls(away, period, cycle, gone)

    def at(self, day: float) -> datetime:
        """Return the instant so many days after the first send time."""
        return day_zero(self.period) + timedelta(days=day)

    async def to(self, day: float) -> None:
        """Let the time pass to that day, and everything happen that is due by then."""
        self.away.calendar.turn(self.at(day))
        await self.settled()

    async def by_the_hour(self, day: float) -> None:
        """Let the time pass to that day in steps of `HOP`, for what counts from the wall clock, in the follow-ups."""
        away = self.away
        while away.calendar.now() < self.at(day):
            away.calendar.turn(min(away.calendar.now() + HOP, self.at(day)))
            await away.motion.catch_up(SENDING)
        await self.settled(SENDING)

    async def settled(self, without: Collection[Workflow] = ()) -> None:
        """Let everything happen that is due by now, but not in workflows of some types."""
        # Twice: what they have started last is behind again.
        for _ in range(2):
            await self.away.motion.catch_up(without)
            await self.away.motion.quiet()

    async def to_the_last_wave(self) -> None:
        """Send the first two waves and the reminders before the last one."""
        await self.to(EARLY)
        await self.to(MIDDLE + REMINDED / timedelta(days=1))

    @asynccontextmanager
    async def in_the_last_wave(self) -> AsyncIterator[None]:
        """Begin the last wave; yields when a part of it is sent, and the rest goes on slowly."""
        flow = MailFlow(self.away.site.mailbox)
        before, wave = await flow.look(), self.away.crowd.of(LAST)
        await self._confirm_after(CONFIRMED_AFTER_S)
        self.away.calendar.turn(self.at(LAST))
        moving = asyncio.ensure_future(self.away.motion.catch_up())
        try:
            await flow.reach(before + int(wave * STOPPED_AFTER), unless=lambda: moving.done() and bool(moving.result()))
            await self._confirm_after(SLOWLY_S)
            yield
        finally:
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)

    async def unhindered(self) -> None:
        """Let mails be confirmed at once again."""
        await self.away.site.mailbox.clear_rules()

    async def _confirm_after(self, seconds: float) -> None:
        await self.away.site.mailbox.clear_rules()
        await self.away.site.mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=seconds, stored=True))

    async def mails(self) -> list[Mail]:
        """Return the mails of this month that have arrived."""
        return mails_of(self.period, await self.away.site.mailbox.log())

    async def at_rest(self) -> int:
        """Wait until no further mail has arrived for some seconds; return how many have.

        What a worker has in hand when Temporal dies it sends to the end of its batch.
        """
        seen = -1
        while seen != (seen := len(await self.mails())):
            await asyncio.sleep(REST_S)
        return seen

    async def people_speak(self) -> list[str]:
        """Let one of each group opt out in the application and one answer, and one opt out who was not yet written to.

        Return what is wrong.
        """
        data, calendar = self.away.site.installation.database, self.away.calendar
        intake = EventIntake(
            ledger=data.ledger,
            contacts=data.contacts,
            suppressions=data.suppressions,
            follow_ups=TemporalFollowUps(self.away.site.installation.client, data.ledger),
            clock=calendar,
            outbox=data.outbox,
        )
        entries = await self.away.site.installation.entries(self.period)
        sent = sorted(one.id for one in entries.values() if one.status is InvitationStatus.SENT)
        waiting = sorted(one.id for one in entries.values() if one.status is InvitationStatus.QUEUED)
        for group in ("e0", MANY, "m0"):
            out, answered = [one for one in sent if f".{group}." in one][:2]
            await data.contacts.set_status(
                entries[out].contact_id, ContactStatus.OPTED_OUT, "application", calendar.now()
            )
            await intake.take(answered, EventKind.SUBMITTED)
            self.ended.update({out: calendar.now(), answered: calendar.now()})
        for out in waiting[-1:]:
            await data.contacts.set_status(
                entries[out].contact_id, ContactStatus.OPTED_OUT, "application", calendar.now()
            )
            self.gone.add(entries[out].contact_id)
            self.ended[out] = calendar.now()
        return [] if waiting else ["every mail of the last wave was out before the absence"]

    async def reconcile(self, without: Collection[Workflow] = ()) -> Mapping[str, int]:
        """Run the hourly job for this moment; return what it counted."""
        client, nominal = self.away.site.installation.client, self.away.calendar.now().replace(microsecond=0)
        handle = await start_job(client, JobName.RECONCILE, Settings().jobs, nominal, dry_run=False)
        result = await handle.result()
        await self.settled(without)
        return {name: count for name, count in result.counts.items() if count}

    async def to_the_end(self) -> None:
        """Let the reminders of all waves be sent, and the month end."""
        for day in (AFTER, BACK + 2.2, BACK + 3.3, AFTER + 3.1, AFTER + 7.1, BACK + 9.5):
            await self.to(day)
        self.away.calendar.turn(period_window(self.period)[1] + REMINDED)
        await self.settled()

    async def progress(self) -> CycleProgress:
        """Return what the cycle says of itself."""
        found: CycleProgress = await self.cycle.query(Query.PROGRESS, result_type=CycleProgress)
        return found
