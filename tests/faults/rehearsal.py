"""One run of a scenario: the embedded servers, sample people, a disturbed cycle, the evidence, the verdicts."""

from __future__ import annotations

import asyncio
import random
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, Stage
from relance.devstack.samples import REFUSED_DOMAIN, sample_people
from relance.devstack.stack import Stack
from tests.faults.checker import Verdict, ineligible, judge, lost
from tests.faults.cycle_run import Disturb, Options, Run
from tests.faults.evidence import Evidence
from tests.faults.mail_flow import MailFlow
from tests.faults.people import Expectation, expectation
from tests.faults.scenario import Say, Scenario, positive
from tests.installation import installed

PERIOD = "2026-11"
LIMIT_S = 900.0
# Each mail is kept first and confirmed later: whoever dies in between does not know that it arrived. It also stretches
# the sending, so that every fault finds mails in flight.
CONFIRMED_AFTER_S = 0.05
CLOSING_S, LOOK_EVERY_S = 5.0, 0.05


@dataclass(frozen=True, slots=True)
class Report:
    """What came out."""

    evidence: Evidence
    expected: Expectation
    verdicts: list[Verdict]
    duration_s: float

    @property
    def holds(self) -> bool:
        """Whether every invariant holds."""
        return all(verdict.holds for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        evidence = self.evidence
        return {
            "lost": len(lost(evidence, self.expected)),
            "duplicates": evidence.duplicates,
            "connections": evidence.connections,
            "resolver": evidence.resolver,
            "same_message_id": evidence.same_message_id,
            "balance": evidence.balance.balance,
            "kills": evidence.kills,
            "mails": len(evidence.accepted),
            "eligible": self.expected.eligible,
            "refused": len(self.expected.refused),
            "ineligible": ineligible(evidence, self.expected),
            "peak_rss_mb": round(evidence.peak_rss_mb, 1),
            "invariants": {verdict.name: verdict.finding or "holds" for verdict in self.verdicts},
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


def rehearsed(name: str, summary: str, disturb: Disturb) -> Scenario:
    """Return the scenario that disturbs a cycle in this way."""

    async def run(arguments: Namespace, say: Say) -> Report:
        options = Options(arguments.users, arguments.contacts, arguments.kills, arguments.connections, arguments.seed, arguments.resolver)
        return await rehearse(disturb, options, say)

    return Scenario(name, summary, _declare, run)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--kills", type=positive, default=5, help="how often")
    parser.add_argument("--users", type=positive, default=100, help="sample users")
    parser.add_argument("--contacts", type=positive, default=10, help="contacts of each")
    parser.add_argument("--connections", type=positive, default=16, help="per worker process")
    parser.add_argument("--resolver", action="store_true", help="look mails in doubt up before they are sent again")
    parser.add_argument("--seed", type=int, default=1, help="for people and moments")


async def rehearse(disturb: Disturb, options: Options, say: Say) -> Report:
    """Disturb a cycle from start to end."""
    begun = time.monotonic()
    say("starting Temporal, MongoDB, the mailbox and a worker")
    variables = {"RELANCE_MAIL__CONNECTIONS": str(options.connections)}
    async with (
        Stack() as stack,
        Mailbox(stack.mailbox_http) as mailbox,
        installed(stack, "faults", variables | _resolver(stack, options)) as installation,
    ):
        await mailbox.add_rule(
            Refuse(stage=Stage.RCPT, recipient=f"*@{REFUSED_DOMAIN}", code=550, text="5.1.1 unknown")
        )
        await mailbox.add_rule(Delay(stage=Stage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
        users, contacts = sample_people(options.users, options.contacts, options.seed)
        expected = expectation(PERIOD, users, contacts, REFUSED_DOMAIN)
        await installation.load(users, contacts)
        await installation.start_worker()
        run = Run(
            options=options,
            installation=installation,
            mailbox=mailbox,
            flow=MailFlow(mailbox),
            cycle=await installation.start_cycle(PERIOD),
            expected=len(expected.reachable),
            chance=random.Random(options.seed),
            say=say,
        )
        async with asyncio.timeout(LIMIT_S):
            kills = await disturb(run)
            say("waiting for the end of the cycle")
            result = await run.cycle.result()
        evidence = await _collect(run, kills, result)
    return Report(evidence, expected, judge(evidence, expected), time.monotonic() - begun)


def _resolver(stack: Stack, options: Options) -> dict[str, str]:
    if not options.resolver:
        return {}
    return {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": stack.mailbox_http}


async def _collect(run: Run, kills: int, result: CycleStatistics) -> Evidence:
    installation = run.installation
    for worker in installation.workers:
        if worker.server.running:
            await worker.stop()
    await _all_closed(run.mailbox)
    database = installation.database
    return Evidence(
        accepted=await run.mailbox.log(),
        mailbox=await run.mailbox.stats(),
        entries=await installation.entries(PERIOD),
        result=result,
        balance=await installation.statistics(PERIOD),
        stored=await database.job_runs.statistics(PERIOD),
        job_runs=await database.raw.jobRuns.find({}).to_list(None),
        peak_rss_mb=max(worker.peak_rss_mb for worker in installation.workers),
        kills=kills,
        connections=run.options.connections,
        resolver=run.options.resolver,
    )


async def _all_closed(mailbox: Mailbox) -> None:
    """Give the mailbox a moment to notice that the last worker is gone."""
    deadline = time.monotonic() + CLOSING_S
    while (await mailbox.stats()).open_connections and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
