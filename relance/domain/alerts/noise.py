"""The weekly noise report: which rules send messages that nobody acts on (SPEC A3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from relance.domain.alerts.model import AlertEvent, AlertRecord

NOISY_FROM = 5
NOISY_SHARE = 0.8


class RuleNoise(NamedTuple):
    """What one rule did in the window; `unheeded` are alerts that were sent without anybody acting on them."""

    rule: str
    alerts: int
    sent: int
    acted: int
    unheeded: int
    suppressed: dict[str, int]
    resolved: int

    @property
    def noisy(self) -> bool:
        """Whether the rule should be looked at: at least five alerts, of which four in five moved nobody."""
        return self.alerts >= NOISY_FROM and self.unheeded >= NOISY_SHARE * self.alerts


class NoiseFigures(NamedTuple):
    """All rules, the most messages first, and the subjects that fired most often."""

    start: datetime
    end: datetime
    rules: tuple[RuleNoise, ...]
    loudest: tuple[tuple[str, int], ...]


def noise_report(alerts: Iterable[AlertRecord], start: datetime, end: datetime, *, loudest: int = 5) -> NoiseFigures:
    """Return what alerts did in `start <= t < end`; one without an event in the window does not count.

    `sent` counts per alert: one message about ten alerts counts ten times.
    """
    by_rule: dict[str, list[Counter[str]]] = {}
    keys: Counter[str] = Counter()
    for alert in alerts:
        events = Counter(
            f"{entry.event}:{entry.detail}" if entry.event is AlertEvent.SUPPRESSED else str(entry.event)
            for entry in alert.history
            if start <= entry.at < end
        )
        if events:
            by_rule.setdefault(alert.rule, []).append(events)
            keys[alert.key] += events[AlertEvent.SENT]
    rules = sorted((_of_rule(rule, found) for rule, found in by_rule.items()), key=lambda line: (-line.sent, line.rule))
    ordered = sorted(((key, count) for key, count in keys.items() if count), key=lambda item: (-item[1], item[0]))
    return NoiseFigures(start, end, tuple(rules), tuple(ordered[:loudest]))


def _of_rule(rule: str, alerts: list[Counter[str]]) -> RuleNoise:
    total: Counter[str] = sum(alerts, Counter())
    prefix = f"{AlertEvent.SUPPRESSED}:"
    acted = [_acted(events) for events in alerts]
    sent = [events[AlertEvent.SENT] > 0 for events in alerts]
    return RuleNoise(
        rule=rule,
        alerts=len(alerts),
        sent=total[AlertEvent.SENT],
        acted=sum(acted),
        unheeded=sum(was_sent and not heeded for was_sent, heeded in zip(sent, acted, strict=True)),
        suppressed={key.removeprefix(prefix): count for key, count in total.items() if key.startswith(prefix)},
        resolved=total[AlertEvent.RESOLVED],
    )


def _acted(events: Counter[str]) -> bool:
    return bool(events[AlertEvent.ACKNOWLEDGED] or events[AlertEvent.SILENCED])
