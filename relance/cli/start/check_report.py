"""What a check found, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.text import Text

from relance import ids
from relance.cli.base.output import Answer, table
from relance.contracts.checks import CheckResult
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord
from relance.domain.channels.messages import plain_text
from relance.domain.zones import zone_info
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.report_checks import CheckRun
from relance.settings.alerts import AlertsGroup
from relance.wording.alerts.english import ENGLISH
from relance.wording.alerts.messages import alert_message
from relance.wording.alerts.rows import row
from relance.wording.summaries import counted

FAILED = "failed"


def result_answer(result: CheckResult) -> Answer:
    """Return how a check ended; one that failed is a failed job."""
    columns = ("check", "nominal", "state", "last day looked at", "rows", "findings", "no data because")
    reason = words_of(result.reason) if result.reason else None
    line = (result.check, result.nominal, result.state, result.observation or None, result.rows, result.findings)
    code = JOB_FAILED if result.state == FAILED else DONE
    said = _told(result)
    view = Group(table("Check", columns, [(*line, reason)]), *([said] if said else []))
    return Answer({**result.model_dump(mode="json"), "message": said}, view, code)


def _told(result: CheckResult) -> str:
    """Return what becomes of the findings: told now, or known already."""
    if result.state == FAILED or result.reason is not None:
        return "There is no report to judge by; the chat is told that, unless a silence holds."
    if not result.findings:
        return "There is nothing to tell."
    if not result.alerts:
        return "A later run has looked since, so nothing is told of this one." if result.alerts == 0 else ""
    new = result.alerts - result.known
    parts = []
    if new:
        parts.append(f"{counted(new, 'alert')} new: told in the chat now, unless a silence or an outage holds it back")
    if result.known:
        parts.append(f"{counted(result.known, 'alert')} known already: not told again before the repeat is due")
    return f"{'; '.join(parts)}. `alerts list` shows what is open."


def dry_run_answer(look: CheckRun, settings: AlertsGroup, now: datetime) -> Answer:
    """Return the message that would be sent now about what a look found."""
    message = _message(look, settings, now)
    data = {
        "check": look.check,
        "window": look.window,
        "rows": look.rows,
        "findings": [finding(condition) for condition in look.conditions],
        "message": message,
    }
    looked_at = (
        f"{ENGLISH.rules[look.check]} looked at {ENGLISH.figures.days(look.window)} in {look.window.zone}: "
        f"{counted(look.rows, 'row')}"
    )
    if message is None:
        return Answer(data, f"{looked_at}, and nothing to tell.")
    note = f"{looked_at}, {counted(len(look.conditions), 'finding')}. This is a dry run: nothing is sent or stored."
    return Answer(data, Group(Text(message), "", note))


def finding(sighting: Condition) -> dict[str, Any]:
    """Return a finding for machines; figures are texts, exactly as they were compared."""
    evidence = sighting.evidence
    return {
        "subject": sighting.subject,
        "labels": dict(sighting.labels),
        "value": evidence.value,
        "threshold": evidence.threshold,
        "baseline": evidence.baseline,
        "current": evidence.current,
        "currency": evidence.currency,
        "window": evidence.window,
        "baseline_window": evidence.baseline_window,
    }


def lines(look: CheckRun, now: datetime) -> Text:
    """Return a line per finding in the words of the alerts."""
    return Text("\n".join(row(ENGLISH, alert) for alert in _alerts(look.conditions, now)))


def words_of(reason: str) -> str:
    """Return why there is no data."""
    return ENGLISH.reasons.get(reason, ENGLISH.unknown_reason)


def _message(look: CheckRun, settings: AlertsGroup, now: datetime) -> str | None:
    if not look.conditions:
        return None
    message = alert_message(
        NotificationKind.FIRING,
        _alerts(look.conditions, now),
        key=ids.alert_message_key(look.check, now, 0),
        at=now.astimezone(zone_info(settings.zone)),
        language=settings.language,
    )
    return plain_text(message)


def _alerts(conditions: Sequence[Condition], now: datetime) -> list[AlertRecord]:
    keyed = [(ids.alert_key(condition.rule, condition.subject), condition) for condition in conditions]
    return [condition.opened(ids.alert_id(key, now), key, now) for key, condition in keyed]
