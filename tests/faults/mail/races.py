"""People opt out and answer while their mails are on the way (SPEC C6, R3, R5)."""

from __future__ import annotations

import asyncio
import math
import random
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from relance.contracts.follow_up import FollowUpStep
from relance.devstack.mailbox.models import Accepted
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.people import ContactStatus
from relance.errors import NotFound
from tests.faults.mail.report import Report
from tests.faults.mail.site import CONTACTS_OF_A_USER, Site, contact, invitation_of, opened
from tests.faults.mail.trial import Month, Trial, closed, expected_of
from tests.faults.scenario import Say, Scenario, positive
from tests.support.commands import starter
from tests.support.expectation import Expectation

PERIOD = "2026-11"
# Kept first and confirmed later: it stretches the sending, so that there is somebody to race with.
CONFIRMED_AFTER_S = 0.1
AT_ONCE = 4
HESITATION_S = 0.05
TOO_LATE_S, MOST_P99_S = 1.0, 5.0
BY_CLI = 3

Documents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody who wants no more mails of us; `at` is when he was told that we know."""

    contact: str
    address: str
    kind: EventKind
    at: datetime


@dataclass
class Crowd:
    """People who speak up at random moments."""

    site: Site
    chance: random.Random
    by_id: Mapping[str, Mapping[str, Any]]
    stops: list[Stop] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)

    async def speak(self, kind: EventKind, count: int, over: Callable[[], bool]) -> int:
        """Let so many speak, until it is over; half of them have a mail on its way just now. Return how many did."""
        before = len(self.stops)
        last = before + count
        await asyncio.gather(*(self._some(kind, last, over) for _ in range(AT_ONCE)))
        return len(self.stops) - before

    async def by_command(self, kind: EventKind, count: int) -> None:
        """Let so many be entered by an operator."""
        for _ in range(count):
            one = await self._next(kind, lambda: False)
            if one is not None:
                await starter(
                    self.site.installation, "signal", invitation_of(PERIOD, one), kind.value.replace("_", "-")
                )
                self._note(one, kind)

    async def _some(self, kind: EventKind, last: int, over: Callable[[], bool]) -> None:
        while len(self.stops) < last and not over():
            await asyncio.sleep(self.chance.random() * HESITATION_S)
            one = await self._next(kind, over)
            if one is None:
                return
            try:
                await self._told(one, kind)
            except NotFound:
                # His user's batch has not begun: he does not know of us yet.
                self._asked.discard(str(one["_id"]))
                continue
            self._note(one, kind)

    async def _told(self, one: Mapping[str, Any], kind: EventKind) -> None:
        """Tell us in one of the ways there are; only the first one touches the invitation itself."""
        data, at = self.site.installation.database, datetime.now(UTC)
        # By the application, and by the same person as a contact of somebody else.
        way = self.chance.choice(["event", "contact", "address"]) if kind is EventKind.OPTED_OUT else "event"
        if way == "contact":
            await data.contacts.set_status(one["_id"], ContactStatus.OPTED_OUT, "application", at)
        elif way == "address":
            await data.suppressions.add(one["email"], kind, at)
        else:
            await self.site.installation.intake().take(invitation_of(PERIOD, one), kind)

    async def _next(self, kind: EventKind, over: Callable[[], bool]) -> Mapping[str, Any] | None:
        raw = self.site.installation.database.raw.invitations
        wanted: dict[str, Any] = {"sentAt": {"$ne": None}} if kind is EventKind.SUBMITTED else {}
        if kind is EventKind.OPTED_OUT and self.chance.random() < 0.5:
            wanted = {"claim": {"$ne": None}}
        while not over():
            found = await raw.find({"period": PERIOD, **wanted}, {"contactId": 1}).to_list(None)
            free = [one["contactId"] for one in found if one["contactId"] not in self._asked]
            if free:
                chosen = self.chance.choice(free)
                self._asked.add(chosen)
                return self.by_id[chosen]
            wanted = {key: value for key, value in wanted.items() if key != "claim"}
            await asyncio.sleep(HESITATION_S)
        return None

    def _note(self, one: Mapping[str, Any], kind: EventKind) -> None:
        self.stops.append(Stop(one["_id"], one["email"], kind, datetime.now(UTC)))


async def _run(arguments: Namespace, say: Say) -> Report:
    begun = time.monotonic()
    async with opened("optout-race", say) as site:
        contacts = [contact(number) for number in range(arguments.users * CONTACTS_OF_A_USER)]
        await site.populate(contacts, reminded=True)
        await site.mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
        await site.installation.start_worker()
        crowd = Crowd(site, random.Random(arguments.seed), {one["_id"]: one for one in contacts})
        month = await Month.begun(site, PERIOD)
        sending = asyncio.ensure_future(month.sent())
        commands = asyncio.ensure_future(crowd.by_command(EventKind.OPTED_OUT, BY_CLI))
        outs = await crowd.speak(EventKind.OPTED_OUT, arguments.races, sending.done)
        say(f"{outs} opted out while mails were sent")
        await asyncio.gather(sending, commands)
        evidence = await month.evidence()
        await crowd.speak(EventKind.SUBMITTED, arguments.races // 2, lambda: False)
        early = {stop.address for stop in crowd.stops}
        reminding = asyncio.ensure_future(month.followed(lambda state: state.step is FollowUpStep.FIRST))
        during = await crowd.speak(EventKind.SUBMITTED, arguments.races // 2, reminding.done)
        say(f"{during} answered while reminders were sent")
        await reminding
        everything = await site.mailbox.log()
        invitations = [mail for mail in everything if ".invitation@" in mail.message_id]
        evidence = replace(evidence, accepted=invitations, entries=await site.installation.entries(PERIOD))
        figures, problems = judged(crowd.stops, everything, early)
        trials = await closed(
            site, [Trial("races", evidence, _expected(contacts, crowd.stops, invitations), figures, problems)]
        )
    return Report(trials, time.monotonic() - begun, figures)


def judged(stops: Sequence[Stop], mails: Sequence[Accepted], early: set[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the figures and what is wrong; `early` are the addresses of those who spoke before any reminder."""
    last = {address: mail.time for mail in mails for address in mail.to}
    effective = sorted(
        max(0.0, (last[stop.address] - stop.at).total_seconds()) if stop.address in last else 0.0 for stop in stops
    )
    reminded = {address for mail in mails if ".first@" in mail.message_id for address in mail.to}
    too_late = sum(seconds > TOO_LATE_S for seconds in effective)
    p99 = effective[max(0, math.ceil(len(effective) * 0.99) - 1)] if effective else 0.0
    outs = [stop for stop in stops if stop.kind is EventKind.OPTED_OUT]
    figures = {
        "sent_after_ack_1s": too_late,
        "p99_effective_s": round(p99, 3),
        "worst_effective_s": round(max(effective, default=0.0), 3),
        "opted_out": len(outs),
        "opted_out_in_time": sum(stop.address not in last for stop in outs),
        "submitted": len(stops) - len(outs),
        "reminders": len(reminded),
        "reminded_though_told": len(reminded & early),
    }
    problems = (
        [f"{too_late} mails were accepted over {TOO_LATE_S:g} s after their end was acknowledged"] if too_late else []
    )
    if p99 >= MOST_P99_S:
        problems.append(f"it took {p99:.1f} s until the end was effective")
    if reminded & early:
        problems.append(f"{len(reminded & early)} were reminded who had opted out or answered before")
    if not (figures["opted_out_in_time"] and figures["submitted"] and reminded):
        problems.append("nobody raced with a mail: nothing was tested")
    return figures, problems


def _expected(contacts: Documents, stops: Iterable[Stop], invitations: Sequence[Accepted]) -> Expectation:
    """Return who had to get an invitation: all but those who opted out before theirs was on its way."""
    sent = {address for mail in invitations for address in mail.to}
    spared = {stop.address for stop in stops if stop.kind is EventKind.OPTED_OUT} - sent
    return expected_of(PERIOD, [one for one in contacts if one["email"] not in spared])


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--users", type=positive, default=30, help="sample users, with 20 contacts each")
    parser.add_argument("--races", type=positive, default=150, help="opt-outs, and as many answers")
    parser.add_argument("--seed", type=int, default=1, help="for people and moments")


OPTOUT_RACE = Scenario("optout-race", "people opt out and answer while their mails are on the way", _declare, _run)
