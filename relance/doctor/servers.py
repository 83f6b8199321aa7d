"""The doctor's look at the mail relay, its log, and Everflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relance.doctor.needs import DoctorServices
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.ports import LogCoverage
from relance.settings import Settings

RELAY, RELAY_LOG, EVERFLOW = "mail relay", "relay log", "Everflow"
LOG_REACHES = timedelta(days=1)


async def relay_findings(settings: Settings, services: DoctorServices) -> list[CheckFinding]:
    """Look whether the relay greets."""
    mail = settings.mail
    await services.check_relay(settings)
    said = Sentence("{host}:{port} greets us, TLS: {tls}", host=mail.host, port=str(mail.port), tls=mail.tls)
    return [CheckFinding(RELAY, FindingState.FINE, said)]


async def relay_log_findings(settings: Settings, services: DoctorServices) -> list[CheckFinding]:
    """Look how far the relay's log reaches back."""
    async with services.relay_log(settings) as log:
        if log is None:
            said = Sentence("none: invitations whose reply was lost are sent again")
            return [CheckFinding(RELAY_LOG, FindingState.FINE, said)]
        found = await log.coverage(services.clock.now() - LOG_REACHES)
    return [_log_coverage(found)]


def _log_coverage(found: LogCoverage) -> CheckFinding:
    read = Sentence(
        "{understood:,} of its newest {lines:,} lines are understood", understood=found.understood, lines=found.lines
    )
    if found.oldest is not None and found.newest is not None:
        read = Sentence(
            "{read}, from {oldest} to {newest}", read=read, oldest=_instant(found.oldest), newest=_instant(found.newest)
        )
    if found.covers:
        return CheckFinding(RELAY_LOG, FindingState.FINE, Sentence("covers the last day: {read}", read=read))
    remedy = Sentence(
        "keep rotated logs longer, see that the log is written, and check RELANCE_RELAY_LOG__POSTFIX_ZONE"
    )
    if found.lines and not found.understood:
        remedy = Sentence("name the file into which Postfix writes: RELANCE_RELAY_LOG__POSTFIX_LOG")
    said = Sentence("does not cover the last day, so it is sure of nothing: {read}", read=read)
    return CheckFinding(RELAY_LOG, FindingState.WARNING, said, remedy)


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


async def everflow_findings(settings: Settings, services: DoctorServices, patience: float) -> list[CheckFinding]:
    """Look whether Everflow takes the key and knows what reports are asked for with."""
    everflow = settings.everflow
    if everflow.api_key is None:
        said = Sentence("no key: the partner desk's checks are not scheduled")
        return [CheckFinding(EVERFLOW, FindingState.FINE, said)]
    # A person does not wait for as long as a check would.
    hasty = everflow.model_copy(update={"timeout": min(everflow.timeout, patience)})
    async with services.reports(settings.model_copy(update={"everflow": hasty})) as reports:
        await reports.prepare()
    said = Sentence("takes the key and knows {zone} and {currency}", zone=everflow.timezone, currency=everflow.currency)
    return [CheckFinding(EVERFLOW, FindingState.FINE, said)]
