"""One line per alert: what it is about and the figures that made it fire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.labels import clean_name
from relance.wording.alerts.figures import MINUS
from relance.wording.alerts.health import health_row, is_about_health
from relance.wording.alerts.words import Words

_DOT = " · "


def row(words: Words, alert: AlertRecord) -> str:
    """Return the line of an alert; labels come from outside and are shown on one line, at most 80 characters each."""
    written = _ROWS.get(alert.rule)
    if written is not None:
        return written(words, alert)
    if is_about_health(alert.rule):
        return health_row(words.health, words.figures, alert)
    return _DOT.join(filter(None, [name(words, alert), figure(words, alert), _account(words, alert)]))


def name(words: Words, alert: AlertRecord) -> str:
    """Return what an alert is about, as people know it."""
    labels = {key: clean_name(label) for key, label in alert.labels.items()}
    if alert.rule == Rule.DEFAULT_LP:
        page = words.quoted.format(text=labels.get("landing_page", ""))
        return _DOT.join([labels.get("offer", ""), _partner(words, labels.get("partner", "")), page])
    if alert.rule == Rule.PAUSED_PARTNER:
        return labels.get("partner") or alert.subject
    if alert.rule == Rule.NO_DATA:
        check = labels.get("check", "")
        return words.rules.get(check, check)
    return labels.get("name") or alert.subject


def figure(words: Words, alert: AlertRecord) -> str:
    """Return the figures of an alert; nothing if it has none."""
    evidence, figures = alert.evidence, words.figures
    if evidence.value is None:
        return reason(words, alert) if alert.rule == Rule.NO_DATA else ""
    if alert.rule == Rule.DEFAULT_LP:
        return figures.counted(words.nouns.clicks, evidence.value)
    if alert.rule == Rule.PAUSED_PARTNER and evidence.baseline is not None and evidence.current is not None:
        currency = evidence.currency or ""
        before, now = figures.money(evidence.baseline, currency), figures.money(evidence.current, currency)
        return f"{before} → {now}{_DOT}{MINUS}{figures.percent(evidence.value)}"
    if evidence.threshold is None:
        return figures.plain(evidence.value)
    return words.value.format(value=figures.plain(evidence.value), threshold=figures.plain(evidence.threshold))


def reason(words: Words, alert: AlertRecord) -> str:
    """Return why there is no data."""
    return words.reasons.get(alert.labels.get("reason", ""), words.unknown_reason)


def _partner(words: Words, label: str) -> str:
    # Many accounts call their partners "Partner Alpha": nobody says "partner Partner Alpha".
    word = words.partner.format(name="").strip()
    return label if label.casefold().startswith(word) else words.partner.format(name=label)


def _account(words: Words, alert: AlertRecord) -> str:
    status = clean_name(alert.labels.get("account_status", ""))
    return words.account.format(status=words.statuses.get(status, status)) if status else ""


def _cycle(words: Words, alert: AlertRecord) -> str:
    figures, evidence = words.figures, alert.evidence
    if (unsent := alert.labels.get("plans_open", "0")) != "0":
        period = alert.labels.get("period") or alert.subject
        return words.unsent_row.format(period=period, users=figures.counted(words.nouns.users, Decimal(unsent)))
    return words.cycle_row.format(
        period=alert.labels.get("period") or alert.subject,
        eligible=figures.whole(evidence.baseline or Decimal(0)),
        accounted=figures.whole(evidence.current or Decimal(0)),
        difference=figures.whole(evidence.value or Decimal(0)),
    )


def _of_a_period(words: Words, alert: AlertRecord) -> str:
    rows = {
        Rule.CYCLE_LEFT: words.left_row,
        Rule.CYCLE_WAVES: words.waves_row,
        Rule.PLANS_UNREADABLE: words.unreadable_row,
        Rule.TOO_LATE: words.too_late_row,
        Rule.NOBODY: words.nobody_row,
        Rule.SEND_TIMES: words.send_times_row,
    }
    evidence, figures, nouns = alert.evidence, words.figures, words.nouns
    found = evidence.value or Decimal(0)
    contacts = found if alert.rule == Rule.NOBODY else Decimal(alert.labels.get("contacts", "0"))
    return rows[Rule(alert.rule)].format(
        period=alert.labels.get("period") or alert.subject,
        users=figures.counted(nouns.users, found),
        plans=figures.counted(nouns.plans, found),
        waves=figures.counted(nouns.waves, found),
        contacts=figures.counted(nouns.contacts, contacts),
        limit=figures.whole(evidence.threshold or Decimal(0)),
        notes=", ".join(
            template.format(count=figures.whole(Decimal(count)))
            for note, template in words.send_time_notes.items()
            if (count := alert.labels.get(note, "0")) != "0"
        ),
    )


def _stopped(words: Words, alert: AlertRecord) -> str:
    figures, evidence, labels = words.figures, alert.evidence, alert.labels
    pattern = words.stopped_fault if "fault" in labels else words.stopped_row
    return pattern.format(
        period=labels.get("period") or alert.subject,
        users=figures.counted(words.nouns.users, evidence.value or Decimal(0)),
        results=figures.whole(evidence.baseline or Decimal(0)),
        fault=clean_name(labels.get("fault", "")),
    )


def _job(words: Words, alert: AlertRecord) -> str:
    labels = alert.labels
    state = labels.get("state", "")
    reason = labels.get("reason")
    told = words.job_states.get(state, state) + (f" ({clean_name(reason)})" if reason else "")
    return words.job_row.format(job=alert.subject, nominal=labels.get("nominal", ""), state=told)


def _reconciled(words: Words, alert: AlertRecord) -> str:
    counts = {kind: int(alert.labels.get(kind, "0")) for kind in words.reconciled}
    return _DOT.join(words.figures.counted(words.reconciled[kind], count) for kind, count in counts.items() if count)


_ROWS: Mapping[str, Callable[[Words, AlertRecord], str]] = {
    Rule.CYCLE_IMBALANCE: _cycle,
    Rule.CYCLE_STOPPED: _stopped,
    Rule.CYCLE_LEFT: _of_a_period,
    Rule.CYCLE_WAVES: _of_a_period,
    Rule.PLANS_UNREADABLE: _of_a_period,
    Rule.TOO_LATE: _of_a_period,
    Rule.NOBODY: _of_a_period,
    Rule.SEND_TIMES: _of_a_period,
    Rule.RECONCILIATION: _reconciled,
    Rule.JOB_MISSED: _job,
}
