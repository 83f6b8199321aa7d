"""The table: each workflow, at each stage, terminated, cancelled and reset (issue 10)."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from tests.faults.hands import cycles, others
from tests.faults.hands.audit import Audited, audit, is_falsely_balanced
from tests.faults.hands.case import Case, Ended, Fared, Report
from tests.faults.hands.site import Site, a_site
from tests.faults.scenario import Say, Scenario, positive

_SILENT = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))
ALL = ("terminate", "cancel", "reset")
FIRST_YEAR = 2030

CASES = (
    Case("MonthlyCycle", "before planning", ("terminate", "cancel"), cycles.before_planning),
    Case("MonthlyCycle", "in a wave", ALL, cycles.in_a_wave),
    Case("MonthlyCycle", "between waves", ALL, cycles.between_waves),
    Case("MonthlyCycle", "settling", ALL, cycles.settling),
    Case("MonthlyCycle", "cancelled before", ("terminate", "cancel"), cycles.cancelled_before),
    Case("SendWave", "sending", ALL, cycles.wave),
    Case("SendWave", "paused", ALL, cycles.paused_wave),
    Case("FollowUp", "asleep", ALL, others.follow_up_asleep),
    Case("FollowUp", "in a step", ALL, others.follow_up_in_a_step),
    Case("Alert", "asleep", ALL, others.alert),
    Case("RollBack", "before its first step", ("terminate", "cancel"), others.rollback),
    Case("CycleReport", "not posted", ALL, others.report),
    Case("OpenPeriod", "done", ("reset",), others.opening),
    Case("jobs", "done", ("reset",), others.job),
)


async def rehearse(users: int, only: Sequence[str], say: Say) -> Report:
    """Lay hands on these workflows, on all of them if none is named."""
    begun = time.monotonic()
    Runtime.set_default(Runtime(telemetry=_SILENT), error_if_already_set=False)
    say("starting Temporal, MongoDB, the mailbox and a worker")
    fared: list[Fared] = []
    async with a_site(users, say) as site:
        chosen = [(case, hand) for case in CASES if not only or case.workflow in only for hand in case.hands]
        for number, (case, hand) in enumerate(chosen):
            period = f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02}"
            fared.append(await _fare(site, case, hand, period))
            say(f"{fared[-1].name}: {fared[-1].as_line()} ({fared[-1].seconds:.1f} s)")
    return Report(tuple(fared), time.monotonic() - begun)


async def _fare(site: Site, case: Case, hand: str, period: str) -> Fared:
    begun = time.monotonic()
    name = f"{case.workflow}, {case.stage}: {hand}"
    try:
        ended = await case.play(site, period, hand)
        audited = await audit(site, period, cancelled=ended.cancelled) if ended.sends else Audited()
        false = ended.sends and await is_falsely_balanced(site, period)
    except RuntimeError as error:
        return Fared(name, Ended(healed=False), Audited(), trouble=str(error), seconds=time.monotonic() - begun)
    return Fared(name, ended, audited, false, seconds=time.monotonic() - begun)


def _declare(parser: ArgumentParser) -> None:
    parser.add_argument("--users", type=positive, default=6, help="users of each cycle")
    names = list(dict.fromkeys(case.workflow for case in CASES))
    parser.add_argument("--only", action="append", choices=names, help="this workflow alone; repeatable")


async def _run(arguments: Namespace, say: Say) -> Report:
    return await rehearse(arguments.users, arguments.only or (), say)


HANDS = Scenario("hands", "each workflow is terminated, cancelled and reset at each stage, by hand", _declare, _run)
