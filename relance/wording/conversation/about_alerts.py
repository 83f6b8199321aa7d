"""Why people were told of alerts, and how it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relance.domain.alerts.model import AlertEvent, AlertRecord, HistoryEntry, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row
from relance.wording.alerts.sentences import moment
from relance.wording.conversation.languages import CHAT_WORDS
from relance.wording.conversation.said import when

ENTRIES = 8
"""Newest entries of a history that are shown."""


def lines(alerts: Sequence[AlertRecord], language: str) -> tuple[str, ...]:
    """Return a line per alert that begins with the name by which it can be spoken of."""
    return tuple(f"{alert.key} · {row(LANGUAGES[language], alert)}" for alert in alerts)


def why_told(alert: AlertRecord, policy: AlertPolicy, at: datetime, language: str) -> tuple[str, tuple[str, ...]]:
    """Return the text and the rows of the answer to "why": rule, figures, how often it is told, what happened."""
    alert_words = LANGUAGES[language]
    figures, evidence = alert_words.figures, alert.evidence
    text = [row(alert_words, alert)]
    if evidence.threshold is not None:
        shown = figures.percent if alert.rule == Rule.PAUSED_PARTNER else figures.plain
        text.append(alert_words.detail_threshold.format(threshold=shown(evidence.threshold)))
    text += [_pace(policy, alert.severity, language), _state(alert, at, language)]
    return "\n".join(text), tuple(_happened(entry, at, language) for entry in alert.history[-ENTRIES:])


def rule_name(rule: str, language: str) -> str:
    """Return what people call a rule."""
    return LANGUAGES[language].rules.get(rule) or rule


def _pace(policy: AlertPolicy, severity: Severity, language: str) -> str:
    words, duration = CHAT_WORDS[language], LANGUAGES[language].figures.duration
    pace = policy.pace(severity)
    if pace.daily:
        return words.daily.format(severity=severity) + "."
    gathered = words.gathered.format(severity=severity, time=duration(pace.gather))
    parts = [gathered if pace.gather else words.at_once.format(severity=severity)]
    parts += [words.repeated.format(time=duration(pace.repeat))] if pace.repeat else []
    parts += [words.escalated.format(time=duration(pace.escalate))] if pace.escalate else []
    return ", ".join(parts) + "."


def _state(alert: AlertRecord, at: datetime, language: str) -> str:
    pattern = CHAT_WORDS[language].state[alert.state]
    until = when(alert.silenced_until, at, language) if alert.silenced_until else ""
    author = alert.acknowledged_by or "?"
    return pattern.format(author=author, until=until)


def _happened(entry: HistoryEntry, at: datetime, language: str) -> str:
    words = CHAT_WORDS[language]
    parts = [moment(LANGUAGES[language], entry.at, at), words.events[entry.event]]
    if entry.event is AlertEvent.SUPPRESSED:
        parts.append(words.suppressed.get(entry.detail or "", entry.detail or ""))
    elif entry.detail:
        parts.append(entry.detail)
    if entry.by:
        parts.append(words.by.format(author=entry.by) + (f" ({entry.via})" if entry.via else ""))
    return " · ".join(filter(None, parts))
