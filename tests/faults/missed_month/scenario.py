"""A month is lost in each way we know: people are told of it, and that it is over once it is mended (SPEC C1, H3)."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relance.contracts.names import MONTHLY_SCHEDULE
from relance.devstack.mailbox.client import Mailbox
from relance.domain.jobs.run import LATE
from relance.runtime.process_exit import DONE, JOB_FAILED
from tests.faults.missed_month.site import AGAIN_S, GIVEN_UP_S, HEALTH_EVERY_S, PLANNED_S, REPLAN_S, Site
from tests.faults.missed_month.troubles import TROUBLES, Trouble
from tests.faults.scenario import Say, Scenario, positive
from tests.faults.servers import Servers, restartable_servers
from tests.support.installation import installed

AT_ONCE = 3
DELIVERY_S = 30.0
"""What the alert's own workflow and a busy machine may take besides."""
TOLD_WITHIN_S = HEALTH_EVERY_S + AGAIN_S + REPLAN_S + PLANNED_S + DELIVERY_S


@dataclass(frozen=True, slots=True)
class Fared:
    """What came of one way to lose a month."""

    name: str
    told_s: float
    cleared_s: float
    lost: int
    duplicates: int
    ineligible: int
    balance: int
    mails: int
    problems: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "told_s": round(self.told_s, 1),
            "cleared_s": round(self.cleared_s, 1),
            "mails": self.mails,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all of them."""

    fared: Sequence[Fared]
    duration_s: float

    @property
    def silent(self) -> int:
        """How many months were lost and nobody was told in time."""
        return sum(one.told_s > TOLD_WITHIN_S for one in self.fared)

    @property
    def totals(self) -> Mapping[str, int]:
        """The sums over all."""
        return {
            "silent_months": self.silent,
            "lost": sum(one.lost for one in self.fared),
            "duplicates": sum(one.duplicates for one in self.fared),
            "ineligible": sum(one.ineligible for one in self.fared),
            "balance": sum(abs(one.balance) for one in self.fared),
        }

    @property
    def holds(self) -> bool:
        """Whether each was told and mended, and nothing was lost or doubled."""
        return not any(self.totals.values()) and not any(one.problems for one in self.fared)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            **self.totals,
            "told_within_s": round(max(one.told_s for one in self.fared), 1),
            "mails": sum(one.mails for one in self.fared),
            "months": {one.name: one.as_dict() for one in self.fared},
            "problems": [f"{one.name}: {text}" for one in self.fared for text in one.problems],
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


async def rehearse(names: Sequence[str], users: int, contacts: int, say: Say) -> Report:
    """Lose a month in each of these ways, all of them if none is named."""
    begun = time.monotonic()
    chosen = [one for one in TROUBLES if not names or one.name in names]
    say("starting Temporal, MongoDB and the mailbox")
    room = asyncio.Semaphore(AT_ONCE)
    async with restartable_servers() as servers, Mailbox(servers.stack.mailbox_http) as mailbox:
        # Without a chat the watchdog says that nobody is told.
        await servers.stack.open_chat()

        async def fare(trouble: Trouble) -> Fared:
            async with room:
                return await _fare(servers, mailbox, trouble, users, contacts, say)

        fared = await asyncio.gather(*(fare(one) for one in chosen))
    return Report(fared, time.monotonic() - begun)


async def _fare(servers: Servers, mailbox: Mailbox, trouble: Trouble, users: int, contacts: int, say: Say) -> Fared:
    async with installed(servers.stack, f"month-{trouble.name}") as installation:
        site = Site(installation, trouble.name, users, contacts)
        await site.prepare()
        said = await trouble.lose(site)
        told = await site.told()
        say(f"{trouble.name}: {site.period} told after {told:.1f} s")
        ill = await site.watchdog()
        await trouble.mend(site)
        cleared = await site.cleared()
        say(f"{trouble.name}: {site.period} cleared after {cleared:.1f} s")
        problems = {
            "nobody was told": told >= GIVEN_UP_S,
            f"told after {told:.1f} s": TOLD_WITHIN_S < told < GIVEN_UP_S,
            "the watchdog did not name the month": ill[0] != JOB_FAILED or f"period {site.period}" not in ill[1],
            "the command did not name the month": said is not None and not _names(said, site.period),
            "the alert stayed open": cleared >= GIVEN_UP_S,
        }
        if trouble.name == "unplanned":
            await site.command("cycle", "resume", site.period)
        balance = await site.result()
        well = await site.watchdog()
        problems[f"in the end the watchdog names {', '.join(well[1])}"] = well != (DONE, [])
        problems |= await _records(site)
        mails = await site.mails(mailbox)
    expected, arrived = site.expected(), {address for _, address in mails}
    return Fared(
        name=trouble.name,
        told_s=told,
        cleared_s=cleared,
        lost=len(expected.reachable.keys() - arrived),
        duplicates=len(mails) - len({message_id for message_id, _ in mails}),
        ineligible=len(arrived - expected.reachable.keys()),
        balance=balance.balance,
        mails=len(mails),
        problems=[text for text, wrong in problems.items() if wrong],
    )


def _names(said: Mapping[str, Any], period: str) -> bool:
    return period in [one["period"] for one in said["missed"]]


async def _records(site: Site) -> dict[str, bool]:
    """Return what is wrong with the records of the Schedule that was to open the month."""
    runs = await site.installation.database.job_runs.runs(job=MONTHLY_SCHEDULE)
    # A machine too busy to set the time before it has passed has set several.
    states = [run.state for run in runs if site.passed in {None, run.nominal}]
    wanted = [LATE] if site.passed is not None else []
    return {f"the nominal times of {MONTHLY_SCHEDULE} are recorded as {states}": states != wanted}


def _declare(parser: ArgumentParser) -> None:
    names = [one.name for one in TROUBLES]
    parser.add_argument("--only", action="append", choices=names, help="lose it this way alone; repeatable")
    parser.add_argument("--users", type=positive, default=4, help="users of each installation")
    parser.add_argument("--contacts", type=positive, default=3, help="contacts of each user")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.only or (), arguments.users, arguments.contacts, say)


MISSED_MONTH = Scenario(
    "missed-month",
    "a month gets no cycle or no plans: its Schedule is paused over its time, its cron changed to a day that "
    "has passed, its cycle ended in Temporal, users join while nobody plans",
    _declare,
    _run,
)
