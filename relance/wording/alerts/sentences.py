"""What was found, as a sentence a colleague would write (SPEC A4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.channels.messages import clock_time
from relance.domain.labels import clean_name
from relance.domain.zones import Window
from relance.wording.alerts.rows import name, reason
from relance.wording.alerts.words import Words


def sentence(words: Words, telling: NotificationKind, alerts: Sequence[AlertRecord], at: datetime) -> str:
    """Return the text of a message about alerts of one rule; `at` is in the zone whose clock people read."""
    simple = {
        NotificationKind.RESOLVED: words.resolved,
        NotificationKind.FLAPPING: words.flapping,
        NotificationKind.DIGEST: words.digest,
    }.get(telling)
    if simple is not None:
        return words.figures.counted(simple, len(alerts))
    found = _found(words, alerts, at)
    if telling is NotificationKind.FIRING and alerts[0].rule in {Rule.DEFAULT_LP, Rule.PAUSED_PARTNER}:
        return words.detected.format(part=_part_of_day(words, at), found=found)
    finding = f"{found[0].upper()}{found[1:]}."
    preface = words.prefaces.get(telling)
    if preface is None:
        return finding
    return f"{preface.format(time=moment(words, min(alert.fired_at for alert in alerts), at))} {finding}"


def moment(words: Words, instant: datetime, at: datetime) -> str:
    """Return an instant on the clock of `at`, with the day unless it is today: `09:00 AM`, `9 March 2026, 09:00 AM`."""
    local = instant.astimezone(at.tzinfo)
    clock = clock_time(local, words.code)
    return clock if local.date() == at.date() else f"{words.figures.day(local.date())}, {clock}"


def _found(words: Words, alerts: Sequence[AlertRecord], at: datetime) -> str:
    first = alerts[0]
    window, threshold = first.evidence.window, first.evidence.threshold
    figures = words.figures
    days = _when(words, window, at.date()) if window else ""
    if first.rule == Rule.DEFAULT_LP:
        pages = len({alert.subject.rpartition(".")[0] for alert in alerts})
        return figures.counted(
            words.default_lp,
            pages,
            match=words.quoted.format(text=clean_name(first.labels.get("match", ""))),
            clicks=figures.counted(words.nouns.clicks, threshold or 0),
            days=days,
        )
    if first.rule == Rule.PAUSED_PARTNER:
        fall = figures.percent(threshold or Decimal(0))
        return figures.counted(words.paused_partner, len(alerts), days=days, threshold=fall)
    if first.rule == Rule.NO_DATA:
        days = f" ({figures.days(window)})" if window else ""
        check, why = name(words, first), reason(words, first)
        return figures.counted(words.no_data, len(alerts), check=check, days=days, reason=why)
    if first.rule in words.health.sentences:
        return words.health.sentences[first.rule]
    by_rule = {
        Rule.CYCLE_IMBALANCE: words.cycle_imbalance,
        Rule.CYCLE_STOPPED: words.cycle_stopped,
        Rule.CYCLE_LEFT: words.cycle_left,
        Rule.CYCLE_WAVES: words.cycle_waves,
        Rule.PLANS_UNREADABLE: words.plans_unreadable,
        Rule.TOO_LATE: words.too_late,
        Rule.NOBODY: words.nobody,
        Rule.SEND_TIMES: words.send_times,
        Rule.EVERFLOW_DOWN: words.everflow_down,
        Rule.PERFORMANCE: words.health.performance,
        Rule.RECONCILIATION: words.reconciliation,
        Rule.JOB_MISSED: words.job_missed,
    }
    forms = next((forms for rule, forms in by_rule.items() if rule == first.rule), words.other)
    return figures.counted(forms, len(alerts))


def _when(words: Words, window: Window, today: date) -> str:
    if window.first_day != window.last_day:
        return words.from_to.format(days=words.figures.days(window))
    if window.last_day == today - timedelta(days=1):
        return words.yesterday
    return words.on_day.format(day=words.figures.day(window.last_day))


def _part_of_day(words: Words, at: datetime) -> str:
    return words.parts_of_day[0 if at.hour < 12 else 1 if at.hour < 18 else 2]
