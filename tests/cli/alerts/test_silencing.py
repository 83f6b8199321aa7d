"""What a person types after `alerts silence`, without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.cli.alerts.silencing import Typed, read_author, read_end, read_reason
from relance.domain.alerts.model import AlertRecord
from relance.domain.alerts.suppression import Matcher
from relance.domain.failures import Severity
from relance.errors import InvalidInput, NotFound
from relance.services.alerts import silence_of
from tests.support.alerts import FIRED_AT, an_alert

HOUR = timedelta(hours=1)
ZONE = "Europe/Amsterdam"


def odd(subject: str, **fields: Any) -> AlertRecord:
    return an_alert(id=f"{subject}@1", key=f"default-lp/{subject}", subject=subject, **fields)


def test_a_key_means_its_own_rule_and_subject_and_nothing_that_looks_alike() -> None:
    star, other = odd("0.8.[3]*"), odd("0.8.3x")
    matcher = Typed(key="default-lp/0.8.[3]*").matcher([star, other])
    assert matcher.matches(star)
    assert not matcher.matches(other)
    assert not matcher.matches(odd("0.8.[3]*", rule="paused-partner"))


def test_the_id_of_an_alert_means_the_same_as_its_key() -> None:
    alert = an_alert()
    assert Typed(key=alert.id).matcher([alert]) == Typed(key=alert.key).matcher([alert])


def test_a_group_means_its_rule_with_every_subject() -> None:
    matcher = Typed(key="default-lp").matcher([an_alert()])
    assert matcher == Matcher(rule="default-lp")
    assert Typed(key="paused-partner").matcher([]) == Matcher(rule="paused-partner")
    foreign = an_alert(rule="disk-full", group="machines")
    assert Typed(key="machines").matcher([foreign]) == Matcher(rule="disk-full")


def test_a_group_of_several_rules_is_not_guessed_at() -> None:
    alerts = [an_alert(rule=rule, group="machines") for rule in ("disk-full", "disk-slow")]
    with pytest.raises(InvalidInput) as refused:
        Typed(key="machines").matcher(alerts)
    assert "disk-full, disk-slow" in refused.value.reason


def test_a_key_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFound, match="alerts list"):
        Typed(key="default-lp/9.9.9").matcher([an_alert()])


def test_a_critical_alert_is_silenced_by_its_key_only_on_purpose() -> None:
    alert = an_alert(severity=Severity.CRITICAL)
    with pytest.raises(InvalidInput) as refused:
        Typed(key=alert.key).matcher([alert])
    assert (refused.value.field, "--severity critical" in refused.value.remedy) == ("--severity", True)
    assert Typed(key=alert.key, severity=Severity.CRITICAL).matcher([alert]).matches(alert)


def test_in_a_pattern_only_the_star_is_special() -> None:
    matcher = Typed(rule="default-*", subject="0.?.[3]*").matcher([])
    assert matcher.matches(odd("0.?.[3]76"))
    assert not matcher.matches(odd("0.8.376"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Typed(), "KEY"),
        (Typed(key="default-lp", rule="default-lp"), "KEY"),
        (Typed(key="default-lp", subject="1"), "KEY"),
        (Typed(rule=""), "--rule"),
        (Typed(subject="x" * 201), "--subject"),
        (Typed(subject="[" * 100), "--subject"),
    ],
)
def test_what_names_nothing_or_twice_is_refused(typed: Typed, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        typed.check()
    assert refused.value.field == field


def test_a_silence_ends_after_a_duration_or_at_an_instant() -> None:
    assert read_end("4h", None, FIRED_AT, ZONE) == FIRED_AT + 4 * HOUR
    # A day is included to its last second, on the clock of the messages' zone.
    assert read_end(None, "2026-03-12", FIRED_AT, ZONE) == datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC)
    assert read_end("90d", None, FIRED_AT, ZONE) == FIRED_AT + timedelta(days=90)


@pytest.mark.parametrize(
    ("duration", "until", "field"),
    [
        (None, None, "--for"),
        ("4h", "2026-03-12", "--for"),
        ("2161h", None, "--for"),
        (None, "2026-03-10", "--until"),
        (None, "2026-07-01", "--until"),
        (None, "soon", "--until"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(duration: str | None, until: str | None, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_end(duration, until, FIRED_AT, ZONE)
    assert refused.value.field == field


def test_a_reason_and_an_author_are_asked_for() -> None:
    assert read_reason("  known \n migration ") == "known migration"
    for text in ("", "  x ", "x" * 501):
        with pytest.raises(InvalidInput):
            read_reason(text)
    assert read_author("dora") == "dora"
    assert read_author(None)
    with pytest.raises(InvalidInput):
        read_author(" ")


def test_the_same_silence_again_gets_a_new_end_and_another_persons_is_another() -> None:
    common = {"matcher": Matcher(rule="default-lp"), "reason": "known migration", "start": FIRED_AT}
    first = silence_of(author="dora", end=FIRED_AT + HOUR, active=[], **common)  # type: ignore[arg-type]
    again = silence_of(author="dora", end=FIRED_AT + 2 * HOUR, active=[first], **common)  # type: ignore[arg-type]
    other = silence_of(author="emil", end=FIRED_AT + 2 * HOUR, active=[first], **common)  # type: ignore[arg-type]
    assert (again.id, again.ends_at, again.starts_at) == (first.id, FIRED_AT + 2 * HOUR, FIRED_AT)
    assert other.id != first.id
