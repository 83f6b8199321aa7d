"""The doctor's look at the ways in: the links in mails, as seen from outside, and the listener of the mail intake."""

from __future__ import annotations

from datetime import datetime

from relance.cli.base.command import Run
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.health.watchdog import LATE, ago, span
from relance.domain.intake.records import IntakeLag
from relance.errors import DependencyUnavailable
from relance.gateway.unsubscribe_check import LinkTrouble

LINKS, INTAKE = "unsubscribe link", "mail intake"


async def link_findings(run: Run) -> list[CheckFinding]:
    """Probe the unsubscribe links from outside."""
    if not run.settings.privacy.link_keys.texts:
        return [
            CheckFinding(
                LINKS, FindingState.WARNING, "not probed: there is no key to sign with", "see the row of the key"
            )
        ]
    found = await run.services.check_links(run.settings)
    if not found:
        remedy = "set RELANCE_GATEWAY__PUBLIC_URL and RELANCE_MAIL__LINK_BASE"
        return [CheckFinding(LINKS, FindingState.WARNING, "not probed: no public address is set", remedy)]
    return [_link(base, trouble) for base, trouble in found.items()]


def _link(base: str, trouble: LinkTrouble | None) -> CheckFinding:
    if trouble is None:
        return CheckFinding(
            LINKS, FindingState.FINE, f"{base} shows the page and takes one click (probed, nothing changed)"
        )
    return CheckFinding(LINKS, FindingState.WRONG, trouble.detail, trouble.remedy)


async def intake_findings(run: Run) -> list[CheckFinding]:
    """Look whether the listener of the mail intake greets."""
    intake = run.settings.intake
    if intake.port is None:
        detail = "no listener: delivery reports come by `starter.py intake read` and relay webhooks alone"
        return [CheckFinding(INTAKE, FindingState.FINE, detail)]
    try:
        greeting = await run.services.greet_intake(run.settings)
    except DependencyUnavailable as error:
        # A process of ours, not a server we depend on.
        remedy = "start the gateway (worker.py --role gateway), or see RELANCE_INTAKE__HOST and __PORT"
        return [CheckFinding(INTAKE, FindingState.WRONG, str(error), remedy)]
    return [
        CheckFinding(INTAKE, FindingState.FINE, f"{intake.host}:{intake.port} greets: {greeting[:60]}"),
        *await _lag(run),
        *(_refused(domain) for domain in intake.refused_domains(run.settings.mail.bounce_domain)),
    ]


async def _lag(run: Run) -> list[CheckFinding]:
    try:
        async with run.database() as database:
            return lag_findings(await database.intake_messages.lag(run.services.clock.now()), run.services.clock.now())
    except DependencyUnavailable:
        # The row of MongoDB says so.
        return []


def lag_findings(lag: IntakeLag, now: datetime) -> list[CheckFinding]:
    """Return what is behind: mails that had to wait, and reports that wait for a person."""
    waited = f"mail of the last hour was taken {span(lag.waited)} after it arrived, at most"
    look = "look into the gateway's log and the mail server's queue (`postqueue -p`)"
    is_late = lag.waited >= LATE
    findings = [
        CheckFinding(INTAKE, FindingState.WARNING if is_late else FindingState.FINE, waited, look if is_late else "")
    ]
    if lag.unmatched:
        oldest = f"reports that match no mail of ours: {lag.unmatched}, the oldest came {ago(lag.oldest_for(now))}"
        findings.append(CheckFinding(INTAKE, FindingState.FINE, oldest, "`starter.py intake list` shows them"))
    return findings


def _refused(domain: str) -> CheckFinding:
    detail = f"our mails name addresses at {domain}, and the listener refuses mail to it: opt-outs and reports are lost"
    return CheckFinding(INTAKE, FindingState.WRONG, detail, f"add {domain} to RELANCE_INTAKE__DOMAINS")
