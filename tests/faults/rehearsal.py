"""One run of a scenario: the embedded servers, sample people, a disturbed cycle, the evidence, the verdicts."""

from __future__ import annotations

import asyncio
import random
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, fields
from typing import Any

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Refuse, SmtpStage
from relance.devstack.samples import REFUSED_DOMAIN, sample_people
from relance.devstack.stack import Stack
from tests.faults.arrangement import Arrangement
from tests.faults.checker import Verdict, ineligible, judge, lost
from tests.faults.cycle_run import Disturb, Notes, Options, Run
from tests.faults.evidence import Evidence
from tests.faults.scenario import NotRunReport, Report, Say, Scenario, positive
from tests.faults.servers import NotRun
from tests.support.expectation import Expectation, expectation
from tests.support.installation import CycleHandle, Installation, installed
from tests.support.mail_flow import MailFlow

# A server that is away is what we came for, and standard output is for the report.
_SILENT = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))
LIMIT_S = 4 * 3600.0
# Longer than any wait between two tries of a batch (two minutes).
STUCK_S, LOOK_AT_CYCLE_S = 150.0, 5.0
CLOSING_S, LOOK_EVERY_S = 5.0, 0.05


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What came out."""

    evidence: Evidence
    expected: Expectation
    verdicts: list[Verdict]
    notes: Notes
    duration_s: float

    @property
    def holds(self) -> bool:
        """Whether every invariant holds, and what the scenario watched besides."""
        return all(verdict.holds for verdict in self.verdicts) and not self.notes.findings

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        evidence = self.evidence
        return {
            "lost": len(lost(evidence, self.expected)),
            "duplicates": evidence.duplicates,
            "bound": evidence.bound,
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
            **self.notes.figures,
            "invariants": {verdict.name: verdict.finding or "holds" for verdict in self.verdicts},
            "findings": self.notes.findings,
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }


def rehearsed(name: str, summary: str, disturb: Disturb, arrangement: Arrangement | None = None) -> Scenario:
    """Return the scenario that disturbs a cycle in this way."""
    arranged = arrangement or Arrangement()

    async def run(arguments: Namespace, say: Say) -> Report:
        chosen = {field.name: getattr(arguments, field.name) for field in fields(Options)}
        begun = time.monotonic()
        try:
            return await rehearse(disturb, Options(**chosen), say, arranged)
        except NotRun as reason:
            return NotRunReport(str(reason), time.monotonic() - begun)

    return Scenario(name, summary, lambda parser: _declare(parser, arranged), run)


def _declare(parser: ArgumentParser, arranged: Arrangement) -> None:
    parser.add_argument("--kills", type=positive, default=arranged.kills, help="how often")
    parser.add_argument("--users", type=positive, default=arranged.users, help="sample users")
    parser.add_argument("--contacts", type=positive, default=arranged.contacts, help="contacts of each")
    parser.add_argument("--connections", type=positive, default=arranged.connections, help="per worker process")
    parser.add_argument(
        "--resolver",
        action="store_true",
        default=arranged.resolver,
        help="look mails in doubt up before they are sent again",
    )
    parser.add_argument("--seed", type=int, default=1, help="for people and moments")


async def rehearse(disturb: Disturb, options: Options, say: Say, arranged: Arrangement) -> CycleReport:
    """Disturb a cycle from start to end."""
    begun = time.monotonic()
    Runtime.set_default(Runtime(telemetry=_SILENT), error_if_already_set=False)
    say("starting Temporal, MongoDB, the mailbox and a worker")
    variables = {"RELANCE_MAIL__CONNECTIONS": str(options.connections), **arranged.environment}
    async with (
        arranged.servers() as servers,
        Mailbox(servers.stack.mailbox_http) as mailbox,
        installed(
            servers.stack, "faults", {**variables, **_resolver(servers.stack, options), **servers.environment}
        ) as installation,
    ):
        await mailbox.add_rule(
            Refuse(stage=SmtpStage.RCPT, recipient=f"*@{REFUSED_DOMAIN}", code=550, text="5.1.1 unknown")
        )
        if arranged.confirmed_after_s:
            await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=arranged.confirmed_after_s, stored=True))
        users, contacts = sample_people(options.users, options.contacts, options.seed)
        users = [{**user, **arranged.changes} for user in users]
        expected = expectation(arranged.period, users, contacts, REFUSED_DOMAIN)
        await installation.load(users, contacts)
        for _ in range(arranged.workers):
            await installation.start_worker(processes=arranged.processes)
        run = Run(
            options=options,
            installation=installation,
            mailbox=mailbox,
            flow=MailFlow(mailbox),
            cycle=await _begin(arranged, installation),
            expected=len(expected.reachable),
            chance=random.Random(options.seed),
            say=say,
            servers=servers,
        )
        async with asyncio.timeout(LIMIT_S):
            kills, result = await _ended(run, arranged, disturb)
        evidence = await _collect(run, arranged, kills, result)
    return CycleReport(evidence, expected, judge(evidence, expected), run.notes, time.monotonic() - begun)


async def _ended(run: Run, arranged: Arrangement, disturb: Disturb) -> tuple[int, CycleStatistics]:
    """Wait for the end of the faults and of the cycle; one that stands still is judged as it stands."""

    async def go() -> tuple[int, CycleStatistics]:
        kills = await disturb(run)
        run.say("waiting for the end of the cycle")
        return kills, await run.result()

    ended = asyncio.ensure_future(go())
    seen, still_s = -1, 0.0
    try:
        while still_s < STUCK_S:
            await asyncio.wait([ended], timeout=LOOK_AT_CYCLE_S)
            if ended.done():
                return await ended
            accepted = (await run.mailbox.stats()).total
            still_s = still_s + LOOK_AT_CYCLE_S if accepted == seen else 0.0
            seen = accepted
    finally:
        ended.cancel()
        await asyncio.wait([ended])
    run.notes.findings.append(f"the cycle has not ended: no mail was accepted for {STUCK_S:g} s")
    return run.options.kills, await run.installation.statistics(arranged.period)


async def _begin(arranged: Arrangement, installation: Installation) -> CycleHandle:
    if arranged.begin is not None:
        return await arranged.begin(installation)
    return await installation.start_cycle(arranged.period, arranged.options)


def _resolver(stack: Stack, options: Options) -> dict[str, str]:
    if not options.resolver:
        return {}
    return {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": stack.mailbox_http}


async def _collect(run: Run, arranged: Arrangement, kills: int, result: CycleStatistics) -> Evidence:
    installation = run.installation
    for worker in installation.workers:
        if worker.server.running:
            await worker.stop()
    await _all_closed(run.mailbox)
    database = installation.database
    return Evidence(
        accepted=await run.mailbox.log(),
        mailbox=await run.mailbox.stats(),
        entries=await installation.entries(arranged.period),
        result=result,
        balance=await installation.statistics(arranged.period),
        stored=await database.job_runs.statistics(arranged.period),
        job_runs=await database.raw.jobRuns.find({}).to_list(None),
        peak_rss_mb=max(worker.peak_rss_mb for worker in installation.workers),
        kills=kills,
        connections=run.options.connections,
        resolver=run.options.resolver,
        gentle=arranged.gentle,
    )


async def _all_closed(mailbox: Mailbox) -> None:
    """Give the mailbox a moment to notice that the last worker is gone."""
    deadline = time.monotonic() + CLOSING_S
    while (await mailbox.stats()).open_connections and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
