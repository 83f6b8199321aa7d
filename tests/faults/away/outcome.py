"""What came of a month over an absence, as a trial beside those of the mail scenarios."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import MailKind
from tests.faults.away.month import Month
from tests.faults.away.people import Crowd
from tests.faults.away.reminded import closest_s, doubled_reminders, recorded, refusals, silent_steps, unwanted
from tests.faults.evidence import Evidence
from tests.faults.mail.site import invitation_of
from tests.faults.mail.trial import Trial
from tests.faults.scenario import positive
from tests.support.expectation import Expectation

LIMIT_S = 60.0
CANCELLED = "cycle_cancelled"


async def outcome(
    month: Month, name: str, *, kills: int, distance: timedelta, figures: Mapping[str, Any], problems: Sequence[str]
) -> Trial:
    """Return the trial of a month that is over; between two mails to one person there must be `distance`."""
    installation, mailbox = month.away.site.installation, month.away.site.mailbox
    async with asyncio.timeout(LIMIT_S):
        result = await month.cycle.result()
    entries = await installation.entries(month.period)
    log, mails = await mailbox.log(), await month.mails()
    ours = {entry.message_id for entry in entries.values()}
    evidence = Evidence(
        accepted=[mail for mail in log if mail.message_id in ours or _is_invitation(mail.message_id, month.period)],
        mailbox=(await mailbox.stats()).model_copy(update={"open_connections": 0}),
        entries=entries,
        result=result,
        balance=await installation.statistics(month.period),
        stored=await installation.database.job_runs.statistics(month.period),
        job_runs=await installation.database.raw.jobRuns.find({}).to_list(None),
        peak_rss_mb=max(worker.measure() for worker in installation.workers),
        kills=kills,
        connections=int(installation.environment["RELANCE_MAIL__CONNECTIONS"]),
        gentle=not kills,
    )
    plans = installation.database.raw.plans.find({"period": month.period, "status": PlanStatus.CANCELLED.value})
    given_up = {plan["userId"] async for plan in plans}
    gaps = [gap for gap in (closest_s(mails), closest_s(recorded(entries.values()))) if gap is not None]
    silent = silent_steps(entries.values(), month.away.calendar.now())
    late, twice = unwanted(mails, month.ended), doubled_reminders(mails)
    found = [
        *problems,
        *([f"two mails of one invitation are {min(gaps):.3f} s apart"] if min(gaps) < distance.total_seconds() else []),
        *([f"{len(silent)} reminders are neither sent nor refused, first {silent[0]}"] if silent else []),
        *([f"{late} mails went out for invitations that had ended"] if late else []),
        *([f"{twice} reminders came twice"] if twice else []),
    ]
    counted = {
        "closest_mails_s": min(gaps),
        "silent_steps": len(silent),
        "reminders": sum(mail.kind in {MailKind.FIRST, MailKind.SECOND} for mail in mails),
        "not_sent": refusals(list(entries.values())),
    }
    return Trial(name, evidence, _expected(month, evidence, given_up), {**counted, **figures}, found)


def worst(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return what the trials say together: the closest mails, the most events, every reason."""
    figures = [trial.figures for trial in trials]
    most = {
        name: max(one[name] for one in figures)
        for name in ("events_per_follow_up", "events_per_follow_up_of_100")
        if all(name in one for one in figures)
    }
    reasons: Counter[str] = Counter()
    for one in figures:
        reasons.update(one["not_sent"])
    return {
        "closest_mails_s": min(one["closest_mails_s"] for one in figures),
        "silent_steps": sum(one["silent_steps"] for one in figures),
        "reminders": sum(one["reminders"] for one in figures),
        **most,
        "not_sent": dict(sorted(reasons.items())),
    }


def unseen(trials: Sequence[Trial], reasons: Sequence[str]) -> list[str]:
    """Return what a run failed to show: of these reasons each must have kept some reminder back."""
    seen = {reason for trial in trials for reason in trial.figures["not_sent"]}
    return [f"no reminder was kept back as {one}" for one in reasons if one not in seen]


def declare_crowd(parser: ArgumentParser) -> None:
    """Declare the sizes."""
    sizes = Crowd()
    parser.add_argument("--users", type=positive, default=sizes.users, help="users of each group")
    parser.add_argument("--last", type=positive, default=sizes.last, help="users of the wave that is broken off")
    parser.add_argument("--contacts", type=positive, default=sizes.contacts, help="contacts of each")
    parser.add_argument("--many", type=positive, default=sizes.many, help="contacts of one more user")


def _is_invitation(message_id: str, period: str) -> bool:
    return message_id.startswith(f"<{period}.") and f".{MailKind.INVITATION}@" in message_id


def _expected(month: Month, evidence: Evidence, given_up: Collection[str]) -> Expectation:
    """Return who must have got an invitation: all but those who had gone, or whom a cancellation left out.

    A cancellation is recorded with each invitation, or with the plan of a user for whom there was none yet.
    """
    _, contacts = month.away.crowd.documents()
    reachable: dict[str, str] = {}
    for one in contacts:
        invitation = invitation_of(month.period, one)
        entry = evidence.entries.get(invitation)
        left_out = entry.reason == CANCELLED if entry else one["userId"] in given_up
        if one["_id"] not in month.gone and not left_out:
            reachable[one["email"]] = invitation
    return Expectation(reachable, refused={})
