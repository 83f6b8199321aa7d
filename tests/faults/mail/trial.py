"""One month under one fault: the cycle, the later tries in fast motion, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from temporalio.client import WorkflowHandle

from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.cycle import CycleStatistics
from relance.contracts.follow_up import FollowedState, FollowUpStep
from tests.faults.checker import Verdict, ineligible, judge, lost
from tests.faults.evidence import Evidence
from tests.faults.mail.site import Site, invitation_of
from tests.support.expectation import Expectation
from tests.support.installation import CycleHandle

LIMIT_S = 1800.0
AT_ONCE = 8
CLOSING_S, LOOK_EVERY_S = 5.0, 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; `figures` are what this fault is about, `problems` what is wrong besides I1 to I7."""

    name: str
    evidence: Evidence
    expected: Expectation
    figures: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on I1 to I7."""
        return judge(self.evidence, self.expected)

    @property
    def findings(self) -> list[str]:
        """Everything that is wrong, in words."""
        return [*(f"{one.name}: {one.finding}" for one in self.verdicts if not one.holds), *self.problems]

    @property
    def lost(self) -> int:
        """How many invitations were neither accepted nor ended with a reason."""
        return len(lost(self.evidence, self.expected))

    @property
    def ineligible(self) -> int:
        """How many mailboxes got a mail that must not have got one."""
        return ineligible(self.evidence, self.expected)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "lost": self.lost,
            "duplicates": self.evidence.duplicates,
            "bound": self.evidence.bound,
            "ineligible": self.ineligible,
            "balance": self.evidence.balance.balance,
            "mails": len(self.evidence.accepted),
            "eligible": self.expected.eligible,
            **self.figures,
            "findings": self.findings,
        }


@dataclass
class Month:
    """A cycle that sends at once, and the follow-ups of its users."""

    site: Site
    period: str
    cycle: CycleHandle
    motion: FastMotion

    @classmethod
    async def begun(cls, site: Site, period: str) -> Month:
        """Start the cycle."""
        cycle = await site.installation.start_cycle(period)
        return cls(site, period, cycle, FastMotion(site.installation.client, site.installation.database.ledger, period))

    async def sent(self) -> None:
        """Wait until every mail was tried once."""
        async with asyncio.timeout(LIMIT_S):
            await self.motion.next_wave()

    async def followed(self, until: Callable[[FollowedState], bool]) -> None:
        """Let the time of the follow-ups pass for as long as one of their next steps is wanted."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def follow(handle: WorkflowHandle[Any, Any]) -> None:
            async with slots:
                await self.motion.run_steps(handle, until)

        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*map(follow, await self.motion.follow_ups(self.site.users)))

    async def retried(self) -> None:
        """Let every later try of an invitation happen."""
        await self.followed(lambda state: state.step is FollowUpStep.RETRY)

    async def ended(self) -> CycleStatistics:
        """Wait for the end of the cycle."""
        async with asyncio.timeout(LIMIT_S):
            while await self.motion.settle():
                pass
            return await self.cycle.result()

    async def evidence(self, *, resolver: bool = False, doubts: int = 0) -> Evidence:
        """End the cycle and return what it left behind; the mailbox's connections are judged by `closed`."""
        result = await self.ended()
        installation, database = self.site.installation, self.site.installation.database
        stats = await self.site.mailbox.stats()
        return Evidence(
            accepted=await self.site.mailbox.log(),
            mailbox=stats.model_copy(update={"open_connections": 0}),
            entries=await installation.entries(self.period),
            result=result,
            balance=await installation.statistics(self.period),
            stored=await database.job_runs.statistics(self.period),
            job_runs=await database.raw.jobRuns.find({}).to_list(None),
            peak_rss_mb=max(worker.measure() for worker in installation.workers),
            kills=0,
            connections=int(installation.environment["RELANCE_MAIL__CONNECTIONS"]),
            resolver=resolver,
            doubts=doubts,
        )


async def tried(
    site: Site, period: str, *, resolver: bool = False, doubts: int = 0, between: Callable[[], Awaitable[None]]
) -> Evidence:
    """Run a month from start to end; `between` runs after the first try of every mail."""
    month = await Month.begun(site, period)
    await month.sent()
    await between()
    await month.retried()
    return await month.evidence(resolver=resolver, doubts=doubts)


def expected_of(
    period: str, contacts: Sequence[Mapping[str, Any]], refused: Callable[[Mapping[str, Any]], bool] = lambda _: False
) -> Expectation:
    """Return what a month owes contacts whose addresses all differ; some are refused by the mailbox for good."""
    ours = {one["email"].casefold(): (invitation_of(period, one), refused(one)) for one in contacts}
    return Expectation(
        reachable={address: entry for address, (entry, no) in ours.items() if not no},
        refused={address: entry for address, (entry, no) in ours.items() if no},
    )


async def stopped(site: Site) -> None:
    """Stop the newest worker, if it runs."""
    if site.installation.workers and site.installation.workers[-1].server.running:
        await site.installation.workers[-1].stop()


async def closed(site: Site, trials: Sequence[Trial]) -> list[Trial]:
    """Stop the workers and return the trials with the connections that were left open after that."""
    await stopped(site)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CLOSING_S
    while (await site.mailbox.stats()).open_connections and loop.time() < deadline:
        await asyncio.sleep(LOOK_EVERY_S)
    left = (await site.mailbox.stats()).open_connections
    peak = max((worker.peak_rss_mb for worker in site.installation.workers), default=0.0)
    return [
        replace(
            trial,
            evidence=replace(
                trial.evidence,
                mailbox=trial.evidence.mailbox.model_copy(update={"open_connections": left}),
                peak_rss_mb=peak,
            ),
        )
        for trial in trials
    ]
