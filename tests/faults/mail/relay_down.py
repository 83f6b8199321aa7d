"""The relay goes away in the middle of a cycle and comes back; then it is there and takes its time."""

from __future__ import annotations

import asyncio
import math
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from relance.devstack import mailbox_server
from relance.devstack.mailbox.rules import Delay, SmtpStage
from tests.faults.mail.report import Report
from tests.faults.mail.site import Site, contact, opened
from tests.faults.mail.trial import Month, Trial, closed, expected_of
from tests.faults.scenario import Say, Scenario, positive
from tests.support.mail_flow import MailFlow

CONFIRMED_AFTER_S = 0.05
GOES_AWAY_AFTER = 0.25
"""Share of the mails that are out when the relay disappears."""

BYTES_PER_S = 10_000
FAILURES, OPEN_FOR_S, CONNECTIONS = 5, 1.0, 8

SETTINGS = {
    "RELANCE_BREAKERS__FAILURES": str(FAILURES),
    "RELANCE_BREAKERS__OPEN_FOR": f"PT{OPEN_FOR_S:g}S",
    "RELANCE_BREAKERS__LONGEST": "PT10S",
    "RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS),
    "RELANCE_MAIL__MESSAGES_PER_CONNECTION": "5",
    "RELANCE_MAIL__CONNECT_TIMEOUT": "60",
}

Documents = Sequence[Mapping[str, Any]]


async def _run(arguments: Namespace, say: Say) -> Report:
    begun = time.monotonic()
    async with opened("relay-down", say, SETTINGS) as site:
        contacts = [contact(number) for number in range(arguments.mails)]
        await site.populate(contacts)
        await site.installation.start_worker(environment=site.relay_log())
        trials = [
            await _away(site, contacts, arguments.away),
            await _slow(site, contacts, "2026-10", "banner", Delay(stage=SmtpStage.CONNECT, seconds=arguments.banner)),
            await _slow(site, contacts, "2026-11", "tarpit", await _tarpit(site)),
        ]
        trials = await closed(site, trials)
    return Report(trials, time.monotonic() - begun)


async def _away(site: Site, contacts: Documents, seconds: float) -> Trial:
    await site.mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
    month = await Month.begun(site, "2026-09")
    flow = MailFlow(site.mailbox)
    await flow.reach(int(len(contacts) * GOES_AWAY_AFTER))
    async with _gone(site) as tries:
        site.say(f"the relay is away for {seconds:g} s")
        await asyncio.sleep(seconds)
    before, back = await flow.look(), time.monotonic()
    await flow.reach(min(before + 1, len(contacts)))
    resumed_s = time.monotonic() - back
    await month.sent()
    drained_s = time.monotonic() - back
    await month.retried()
    evidence = await month.evidence(resolver=True)
    most = CONNECTIONS + FAILURES + math.ceil(seconds / OPEN_FOR_S)
    problems = [] if len(tries) <= most else [f"{len(tries)} connections were tried while it was away, {most} may be"]
    if before >= len(contacts):
        problems.append("every mail was out before the relay went away")
    figures = {
        "away_s": seconds,
        "mails_before": before,
        "connections_tried": len(tries),
        "connections_tried_at_most": most,
        "resumed_s": round(resumed_s, 2),
        "drained_s": round(drained_s, 2),
    }
    site.say(f"away: {len(tries)} tries, resumed after {resumed_s:.1f} s, drained after {drained_s:.1f} s")
    return Trial("away", evidence, expected_of(month.period, contacts), figures, problems)


@asynccontextmanager
async def _gone(site: Site) -> AsyncIterator[list[float]]:
    """End the mailbox and cut every connection at its port; yields when each was tried. Start it again in the end."""
    tries: list[float] = []

    def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(time.monotonic())
        writer.transport.abort()

    host, port = site.server.smtp
    http = urlsplit(site.server.http).port
    await site.server.stop()
    async with await asyncio.start_server(cut, host, port, reuse_address=True):
        yield tries
    site.server = await mailbox_server.start(site.folder, port, http)


async def _tarpit(site: Site) -> Delay:
    sizes = [mail.size for mail in await site.mailbox.messages(limit=100)]
    return Delay(stage=SmtpStage.BODY, seconds=sum(sizes) / len(sizes) / BYTES_PER_S)


async def _slow(site: Site, contacts: Documents, period: str, name: str, rule: Delay) -> Trial:
    begun = time.monotonic()
    await site.mailbox.clear()
    await site.mailbox.add_rule(rule)
    month = await Month.begun(site, period)
    await month.sent()
    seconds = time.monotonic() - begun
    await month.retried()
    evidence = await month.evidence(resolver=True)
    delays = sum(one["applied"] for one in await site.mailbox.rules())
    problems = [] if delays else ["nobody was delayed"]
    site.say(f"{name}: {delays} times {rule.seconds:.2f} s, all out after {seconds:.0f} s")
    figures = {"delay_s": round(rule.seconds, 2), "delays": delays, "sent_s": round(seconds, 1)}
    return Trial(name, evidence, expected_of(period, contacts), figures, problems)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--away", type=positive, default=8, help="seconds for which the relay is away")
    parser.add_argument("--banner", type=positive, default=1, help="seconds until it greets, when it is slow")
    parser.add_argument("--mails", type=positive, default=80, help="contacts of each month")


RELAY_DOWN = Scenario("relay-down", "the relay is away for a while, greets late, and reads slowly", _declare, _run)
