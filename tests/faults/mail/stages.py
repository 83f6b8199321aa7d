"""The connection breaks at each of nine stages of the conversation: eight double nothing, the ninth is a doubt."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relance.devstack.mailbox.rules import Delay, Drop, SmtpStage
from tests.faults.mail.report import Report
from tests.faults.mail.site import Site, contact, opened
from tests.faults.mail.trial import Trial, closed, expected_of, stopped, tried
from tests.faults.scenario import Say, Scenario, positive
from tests.support.smtp_relay import CERTIFICATE

BEFORE_THE_DOT = tuple(stage for stage in SmtpStage if stage is not SmtpStage.END_OF_DATA)
CONFIRMED_AFTER_S, DATA_TIMEOUT_S = 2.0, 0.5
# A rule of the mailbox keeps its mails or not; the log must be right about both.
KEPT_AND_NOT = 2

SECURE = {
    "RELANCE_MAIL__TLS": "starttls",
    "RELANCE_MAIL__VERIFY_CERTIFICATE": "false",
    "RELANCE_MAIL__USERNAME": "relance",
    "RELANCE_MAIL__PASSWORD": "any password",
}

Documents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Fault:
    """A trial to come: its rules, what they leave in doubt, and how many mails of that the mailbox keeps."""

    name: str
    period: str
    rules: Sequence[Drop | Delay]
    doubts: int = 0
    kept: int = 0


async def _break_off(arguments: Namespace, say: Say) -> Report:
    """Break connections at each stage, in a month of its own."""
    drops = arguments.drops
    before = [
        _Fault(stage.value, f"2026-{number:02}", [Drop(stage=stage, times=drops)])
        for number, stage in enumerate(BEFORE_THE_DOT, start=1)
    ]
    lost = [Drop(stage=SmtpStage.END_OF_DATA, stored=stored, times=drops) for stored in (True, False)]
    ninth = _Fault("end_of_data", "2026-09", lost, drops * KEPT_AND_NOT, drops)
    # Often enough a new connection that each stage of its opening comes up for every fault.
    renewed = {"RELANCE_MAIL__MESSAGES_PER_CONNECTION": str(max(1, arguments.mails // (2 * drops)))}
    return await _compared("smtp-stages", arguments.mails, before, ninth, SECURE | renewed, say)


async def _delay(arguments: Namespace, say: Say) -> Report:
    """Confirm mails only after our patience is over."""
    late = [
        Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True, times=arguments.delays),
    ]
    fault = _Fault("confirmed too late", "2026-09", late, arguments.delays, arguments.delays)
    patience = {"RELANCE_MAIL__DATA_TIMEOUT": str(DATA_TIMEOUT_S)}
    return await _compared("smtp-delayed", arguments.mails, [], fault, patience, say)


async def _compared(
    name: str, mails: int, before: Sequence[_Fault], doubtful: _Fault, environment: Mapping[str, str], say: Say
) -> Report:
    """Run the faults, the doubtful one twice: by workers that can ask the relay's log, and by one that cannot."""
    begun = time.monotonic()
    certificate = CERTIFICATE if environment.keys() >= SECURE.keys() else None
    async with opened(name, say, environment, certificate=certificate) as site:
        contacts = [contact(number) for number in range(mails)]
        await site.populate(contacts)
        await site.installation.start_worker(environment=site.relay_log())
        trials = [await _trial(site, contacts, fault, resolver=True) for fault in [*before, doubtful]]
        await stopped(site)
        await site.installation.start_worker()
        blind = _Fault(f"{doubtful.name}, no log", "2026-10", doubtful.rules, doubtful.doubts, doubtful.kept)
        trials.append(await _trial(site, contacts, blind, resolver=False))
        trials = await closed(site, trials)
    return Report(trials, time.monotonic() - begun, {"resolver": "used, but for the last trial"})


async def _trial(site: Site, contacts: Documents, fault: _Fault, *, resolver: bool) -> Trial:
    begun = time.monotonic()
    await site.mailbox.clear()
    for rule in fault.rules:
        await site.mailbox.add_rule(rule)
    uncertain = [0]
    evidence = await tried(
        site,
        fault.period,
        resolver=resolver or not fault.doubts,
        doubts=fault.kept,
        between=_counted(site, fault.period, uncertain),
    )
    applied = sum(rule["applied"] for rule in await site.mailbox.rules())
    wanted = sum(rule.times or 0 for rule in fault.rules)
    problems = [] if applied == wanted else [f"{applied} of {wanted} faults happened"]
    if fault.doubts and uncertain[0] != fault.doubts:
        problems.append(f"{uncertain[0]} mails were recorded as uncertain, {fault.doubts} were")
    seconds = time.monotonic() - begun
    site.say(f"{fault.name}: {applied} faults, {uncertain[0]} uncertain, {evidence.duplicates} twice, {seconds:.0f} s")
    figures = {"faults": applied, "uncertain": uncertain[0], "seconds": round(seconds, 1)}
    return Trial(fault.name, evidence, expected_of(fault.period, contacts), figures, problems)


def _counted(site: Site, period: str, uncertain: list[int]) -> Callable[[], Awaitable[None]]:
    async def count() -> None:
        entries = await site.installation.entries(period)
        uncertain[0] = sum(bool(entry.doubts) for entry in entries.values())

    return count


def _declare_stages(parser: ArgumentParser) -> None:
    parser.add_argument("--drops", type=positive, default=8, help="connections dropped at each stage")
    parser.add_argument("--mails", type=positive, default=60, help="contacts of each month")


def _declare_delays(parser: ArgumentParser) -> None:
    parser.add_argument("--delays", type=positive, default=50, help="mails that are confirmed too late")
    parser.add_argument("--mails", type=positive, default=100, help="contacts of each month")


SMTP_STAGES = Scenario(
    "smtp-stages", "the connection to the relay breaks at each of nine stages", _declare_stages, _break_off
)
SMTP_DELAYED = Scenario(
    "smtp-delayed", "the relay keeps mails and says so after our patience is over", _declare_delays, _delay
)
