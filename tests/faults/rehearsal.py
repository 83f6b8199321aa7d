"""One run of a scenario: the embedded servers, sample people, a disturbed cycle, the evidence, the verdicts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, Stage
from relance.devstack.samples import REFUSED_DOMAIN, sample_people
from relance.devstack.stack import Stack
from tests.faults.checker import Verdict, ineligible, judge, lost
from tests.faults.evidence import Evidence
from tests.faults.mail_flow import MailFlow
from tests.faults.people import Expectation, expectation
from tests.faults.scenario import Options, Run, Scenario
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

    def as_dict(self, scenario: str) -> dict[str, Any]:
        """Return the figures for machines."""
        evidence = self.evidence
        return {
            "scenario": scenario,
            "lost": len(lost(evidence, self.expected)),
            "duplicates": evidence.duplicates,
            "connections": evidence.connections,
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


async def rehearse(scenario: Scenario, options: Options, say: Callable[[str], None]) -> Report:
    """Run a scenario from start to end."""
    begun = time.monotonic()
    say("starting Temporal, MongoDB, the mailbox and a worker")
    variables = {"RELANCE_MAIL__CONNECTIONS": str(options.connections)}
    async with (
        Stack() as stack,
        Mailbox(stack.mailbox_http) as mailbox,
        installed(stack, "faults", variables) as installation,
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
            kills = await scenario.disturb(run)
            say("waiting for the end of the cycle")
            result = await run.cycle.result()
        evidence = await _collect(run, kills, result)
    return Report(evidence, expected, judge(evidence, expected), time.monotonic() - begun)


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
    )


async def _all_closed(mailbox: Mailbox) -> None:
    """Give the mailbox a moment to notice that the last worker is gone."""
    deadline = time.monotonic() + CLOSING_S
    while (await mailbox.stats()).open_connections and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
