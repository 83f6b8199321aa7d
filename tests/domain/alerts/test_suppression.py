from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from relance.domain.alerts.model import Rule
from relance.domain.alerts.suppression import Matcher, Silence, inhibited_rules, inhibitor, silenced_until
from relance.domain.failures import Severity
from tests.support.alerts import FIRED_AT, an_alert

HOUR = timedelta(hours=1)


def a_silence(matcher: Matcher | None = None, **fields: Any) -> Silence:
    standard: dict[str, Any] = {
        "id": "s1",
        "matcher": matcher or Matcher(),
        "reason": "known migration",
        "author": "dora",
        "starts_at": FIRED_AT,
        "ends_at": FIRED_AT + HOUR,
    }
    return Silence(**{**standard, **fields})


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        (Matcher(), True),
        (Matcher(rule="default-lp"), True),
        (Matcher(rule="paused-*"), False),
        (Matcher(subject="0.8.*"), True),
        (Matcher(subject="0.9.*"), False),
        (Matcher(rule="default-lp", subject="7.8.376"), False),
        (Matcher(severity=Severity.HIGH), True),
        (Matcher(severity=Severity.LOW), False),
    ],
)
def test_every_given_part_of_a_matcher_must_match(matcher: Matcher, matches: bool) -> None:
    assert matcher.matches(an_alert()) is matches


def test_critical_alerts_are_silenced_only_on_purpose() -> None:
    alert = an_alert(severity=Severity.CRITICAL)
    assert not Matcher(rule="default-lp").matches(alert)
    assert Matcher(rule="default-lp", severity=Severity.CRITICAL).matches(alert)


@pytest.mark.parametrize(
    ("late", "holds"), [(-timedelta(seconds=1), False), (timedelta(0), True), (HOUR / 2, True), (HOUR, False)]
)
def test_a_silence_holds_from_its_start_to_before_its_end(late: timedelta, holds: bool) -> None:
    found = silenced_until(an_alert(), [a_silence()], FIRED_AT + late)
    assert found == (FIRED_AT + HOUR if holds else None)


def test_of_several_silences_the_longest_counts() -> None:
    silences = [a_silence(ends_at=FIRED_AT + n * HOUR) for n in (1, 3, 2)]
    silences.append(a_silence(Matcher(rule="other"), ends_at=FIRED_AT + 9 * HOUR))
    assert silenced_until(an_alert(), silences, FIRED_AT) == FIRED_AT + 3 * HOUR


@pytest.mark.parametrize("wrong", [{"reason": "  "}, {"author": ""}, {"ends_at": FIRED_AT}])
def test_a_silence_has_a_reason_an_author_and_an_end(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_silence(**wrong)


def test_everflow_down_explains_the_report_alerts_away_and_nothing_else() -> None:
    assert inhibitor(Rule.PAUSED_PARTNER, {Rule.EVERFLOW_DOWN}) == Rule.EVERFLOW_DOWN
    assert inhibitor(Rule.PAUSED_PARTNER, {Rule.NO_DATA}) is None
    assert inhibitor(Rule.CYCLE_IMBALANCE, {Rule.EVERFLOW_DOWN}) is None
    assert inhibitor(Rule.EVERFLOW_DOWN, {Rule.EVERFLOW_DOWN}) is None
    assert inhibited_rules(Rule.EVERFLOW_DOWN) == {Rule.DEFAULT_LP, Rule.PAUSED_PARTNER, Rule.NO_DATA}
    assert inhibited_rules(Rule.DEFAULT_LP) == frozenset()
