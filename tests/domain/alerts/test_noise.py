from __future__ import annotations

from datetime import timedelta

from relance.domain.alerts.model import AlertEvent, AlertRecord, HistoryEntry
from relance.domain.alerts.noise import noise_report
from tests.support.alerts import FIRED_AT, an_alert

DAY = timedelta(days=1)
E = AlertEvent


def with_history(
    key: str, *events: AlertEvent | tuple[AlertEvent, str], rule: str = "default-lp", day: int = 0
) -> AlertRecord:
    entries = []
    for event in events:
        kind, detail = event if isinstance(event, tuple) else (event, None)
        entries.append(HistoryEntry(at=FIRED_AT + day * DAY, event=kind, detail=detail))
    return an_alert(id=key, key=key, rule=rule, history=tuple(entries))


def test_the_report_counts_what_was_sent_acted_on_and_suppressed_per_rule() -> None:
    alerts = [
        with_history("a", E.OPENED, E.SENT, E.ACKNOWLEDGED, E.SENT, E.RESOLVED),
        with_history("b", E.OPENED, E.SENT, (E.SUPPRESSED, "unchanged"), (E.SUPPRESSED, "unchanged")),
        with_history("c", E.OPENED, (E.SUPPRESSED, "silenced"), E.SILENCED),
        with_history("d", E.OPENED, E.SENT, rule="paused-partner"),
    ]
    report = noise_report(alerts, FIRED_AT, FIRED_AT + 7 * DAY)
    lp, partner = report.rules
    assert lp.rule == "default-lp"
    assert (lp.alerts, lp.sent, lp.acted, lp.unheeded, lp.resolved) == (3, 3, 2, 1, 1)
    assert lp.suppressed == {"unchanged": 2, "silenced": 1}
    assert (partner.rule, partner.alerts, partner.unheeded) == ("paused-partner", 1, 1)
    assert report.loudest == (("a", 2), ("b", 1), ("d", 1))


def test_only_the_window_counts() -> None:
    alerts = [with_history("a", E.OPENED, E.SENT, day=day) for day in (-1, 0, 6, 7)]
    [rule] = noise_report(alerts, FIRED_AT, FIRED_AT + 7 * DAY).rules
    assert (rule.alerts, rule.sent) == (2, 2)
    assert noise_report(alerts, FIRED_AT + 20 * DAY, FIRED_AT + 27 * DAY).rules == ()


def test_a_rule_that_moves_nobody_is_noisy_from_five_alerts_and_four_in_five_on() -> None:
    unheeded = [with_history(f"u{n}", E.OPENED, E.SENT) for n in range(4)]
    acted = with_history("x", E.OPENED, E.SENT, E.ACKNOWLEDGED)
    window = (FIRED_AT, FIRED_AT + DAY)
    assert not noise_report(unheeded, *window).rules[0].noisy
    assert noise_report([*unheeded, acted], *window).rules[0].noisy
    assert not noise_report([*unheeded, acted, acted], *window).rules[0].noisy
