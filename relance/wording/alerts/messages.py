"""From alerts to the message people read, and to the details they may ask for (SPEC A4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, AlertState, Rule
from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.domain.failures import Severity
from relance.domain.zones import Window
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import name, row
from relance.wording.alerts.sentences import moment, sentence
from relance.wording.alerts.words import Words

DETAILS_CHARACTERS = 2_400
"""What details may hold: a Slack section takes 3,000 characters, and escaping makes some of them longer."""

_SIGNS = {Severity.CRITICAL: "🚨", Severity.HIGH: "🚨", Severity.MEDIUM: "⚠️", Severity.LOW: "ℹ️"}
_TELLING_SIGNS = {NotificationKind.RESOLVED: "✅", NotificationKind.FLAPPING: "🔁", NotificationKind.DIGEST: "🗒️"}
_WITHOUT_OFFER = {NotificationKind.RESOLVED, NotificationKind.DIGEST}


def alert_message(
    telling: NotificationKind,
    alerts: Sequence[AlertRecord],
    *,
    key: str,
    at: datetime,
    language: str,
    details_url: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    runbook_url: str | None = None,
) -> OutgoingMessage:
    """Return the message about alerts of one rule, at least one; `at` is in the zone whose clock people read.

    `runbook_url` is the page that has a section for each rule (docs/incidents.md).
    """
    words = LANGUAGES[language]
    severity = _highest(alerts)
    offers = telling not in _WITHOUT_OFFER
    runbook = _runbook(words, runbook_url if offers else None, alerts)
    return OutgoingMessage(
        key=key,
        severity=severity,
        title=f"{_TELLING_SIGNS.get(telling) or _SIGNS[severity]} {_title(words, telling, alerts[0].rule)}",
        text="\n".join([sentence(words, telling, alerts, at), *runbook]),
        at=at,
        language=language,
        rows=tuple(_line(words, telling, alert) for alert in alerts if _has_row(alert, len(alerts))),
        offer=words.offer if offers else "",
        details_url=details_url if offers else None,
        attachments=attachments,
        about=tuple(alert.key for alert in alerts),
    )


def details_message(
    alerts: Sequence[AlertRecord],
    *,
    key: str,
    at: datetime,
    language: str,
    next_repeat: datetime | None = None,
    runbook_url: str | None = None,
    for_chat: bool = False,
) -> OutgoingMessage:
    """Return why people were told: rule, threshold, windows in local time and UTC, and every row that fits.

    It ends with the commands that decide, but not `for_chat`, where a word does.
    """
    words = LANGUAGES[language]
    first = alerts[0]
    decide = [] if for_chat else _commands(words, alerts)
    head = "\n".join(
        [
            *_reasons(words, alerts, at, next_repeat),
            *decide,
            *_runbook(words, runbook_url, alerts),
        ]
    )
    room = DETAILS_CHARACTERS - len(head)
    shown: list[str] = []
    for number, alert in enumerate(alerts):
        line = f"• {row(words, alert)}"
        if len(line) + 1 > room:
            shown.append(words.detail_more.format(count=words.figures.whole(len(alerts) - number)))
            break
        shown.append(line)
        room -= len(line) + 1
    return OutgoingMessage(
        key=key,
        severity=_highest(alerts),
        title=f"🔎 {words.details.format(rule=_rule(words, first.rule))}",
        text="\n".join([head, "", *shown]),
        at=at,
        language=language,
        about=tuple(alert.key for alert in alerts),
    )


def _reasons(words: Words, alerts: Sequence[AlertRecord], at: datetime, next_repeat: datetime | None) -> list[str]:
    first = alerts[0]
    evidence = first.evidence
    since = min(alert.fired_at for alert in alerts)
    lines = [words.detail_rule.format(rule=first.rule, severity=_highest(alerts))]
    if evidence.threshold is not None:
        shown = words.figures.percent if first.rule == Rule.PAUSED_PARTNER else words.figures.plain
        lines.append(words.detail_threshold.format(threshold=shown(evidence.threshold)))
    if evidence.window is not None:
        lines.append(_window(words, words.detail_window, evidence.window))
    if evidence.baseline_window is not None:
        lines.append(_window(words, words.detail_baseline, evidence.baseline_window))
    lines.append(words.detail_since.format(time=moment(words, since, at), utc=_utc(since)))
    if next_repeat is not None:
        lines.append(words.detail_repeat.format(time=moment(words, next_repeat, at)))
    return lines


def _commands(words: Words, alerts: Sequence[AlertRecord]) -> list[str]:
    target = alerts[0].key if len(alerts) == 1 else alerts[0].group
    return [words.detail_ack.format(key=target), words.detail_silence.format(key=target)]


def _runbook(words: Words, url: str | None, alerts: Sequence[AlertRecord]) -> list[str]:
    return [words.runbook.format(url=f"{url}#{alerts[0].rule}")] if url else []


def _window(words: Words, template: str, window: Window) -> str:
    return template.format(
        days=words.figures.days(window), zone=window.zone, start=_utc(window.start), end=_utc(window.end)
    )


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"


def _title(words: Words, telling: NotificationKind, rule: str) -> str:
    shown = _rule(words, rule)
    return words.titles[telling].format(rule=shown, alert=words.alert.format(rule=shown))


def _rule(words: Words, rule: str) -> str:
    return words.rules.get(rule) or rule.replace("-", " ").capitalize()


def _has_row(alert: AlertRecord, count: int) -> bool:
    # One missing report, or Everflow itself: the sentence has said it all.
    return not (alert.rule == Rule.EVERFLOW_DOWN or (alert.rule == Rule.NO_DATA and count == 1))


def _line(words: Words, telling: NotificationKind, alert: AlertRecord) -> str:
    if telling is NotificationKind.RESOLVED:
        ended = alert.resolved_at or alert.updated_at
        return f"{name(words, alert)} · {words.after.format(duration=words.figures.duration(ended - alert.fired_at))}"
    if telling is NotificationKind.DIGEST and alert.state is AlertState.RESOLVED:
        return f"{row(words, alert)} · {words.over}"
    return row(words, alert)


def _highest(alerts: Sequence[AlertRecord]) -> Severity:
    return min((alert.severity for alert in alerts), key=list(Severity).index)
