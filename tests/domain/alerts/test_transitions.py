from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.alerts.model import (
    HISTORY_KEPT,
    TRANSITIONS,
    AlertEvent,
    AlertRecord,
    AlertState,
    Evidence,
    happened,
    next_state,
)
from tests.support.alerts import FIRED_AT, YESTERDAY, an_alert

E, S = AlertEvent, AlertState
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (S.FIRING, E.ACKNOWLEDGED, S.ACKNOWLEDGED),
        (S.FIRING, E.SILENCED, S.SILENCED),
        (S.FIRING, E.RESOLVED, S.RESOLVED),
        (S.FIRING, E.WORSENED, S.FIRING),
        (S.FIRING, E.SILENCE_ENDED, None),
        (S.ACKNOWLEDGED, E.WORSENED, S.FIRING),
        (S.ACKNOWLEDGED, E.SEEN_AGAIN, S.ACKNOWLEDGED),
        (S.ACKNOWLEDGED, E.SILENCED, S.SILENCED),
        (S.ACKNOWLEDGED, E.RESOLVED, S.RESOLVED),
        (S.SILENCED, E.WORSENED, S.SILENCED),
        (S.SILENCED, E.SILENCE_ENDED, S.FIRING),
        (S.SILENCED, E.ACKNOWLEDGED, S.ACKNOWLEDGED),
        (S.SILENCED, E.RESOLVED, S.RESOLVED),
        (S.RESOLVED, E.SENT, S.RESOLVED),
        (S.RESOLVED, E.ACKNOWLEDGED, None),
        (S.RESOLVED, E.SEEN_AGAIN, None),
        (S.RESOLVED, E.RESOLVED, None),
        (S.FIRING, E.OPENED, None),
    ],
)
def test_each_event_leads_where_the_table_says(state: AlertState, event: AlertEvent, after: AlertState | None) -> None:
    assert next_state(state, event) is after


def test_every_event_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(AlertEvent)


def test_who_did_what_and_when_is_in_the_history() -> None:
    alert = happened(an_alert(), E.ACKNOWLEDGED, FIRED_AT + MINUTE, by="dora")
    alert = happened(
        alert, E.SILENCED, FIRED_AT + 2 * MINUTE, by="dora", detail="migration", until=FIRED_AT + 9 * MINUTE
    )
    assert (alert.acknowledged_by, alert.silenced_until) == ("dora", FIRED_AT + 9 * MINUTE)
    assert [(one.event, one.by, one.detail) for one in alert.history] == [
        (E.ACKNOWLEDGED, "dora", None),
        (E.SILENCED, "dora", "migration"),
    ]
    assert alert.updated_at == FIRED_AT + 2 * MINUTE


def test_a_silence_that_ended_leaves_no_end_behind() -> None:
    alert = happened(an_alert(), E.SILENCED, FIRED_AT, until=FIRED_AT + MINUTE)
    assert happened(alert, E.SEEN_AGAIN, FIRED_AT + MINUTE).silenced_until == FIRED_AT + MINUTE
    assert happened(alert, E.SILENCE_ENDED, FIRED_AT + MINUTE).silenced_until is None


@given(st.lists(st.sampled_from(list(AlertEvent)), max_size=30))
def test_whatever_happens_resolved_is_the_end_and_nothing_is_forgotten(events: list[AlertEvent]) -> None:
    alert: AlertRecord = an_alert()
    recorded = []
    for number, event in enumerate(events):
        before = alert
        alert = happened(alert, event, FIRED_AT + number * MINUTE)
        if alert is not before:
            recorded.append(event)
        if before.state is S.RESOLVED:
            assert alert.state is S.RESOLVED
            assert alert.resolved_at == before.resolved_at
        assert (alert.resolved_at is not None) == (alert.state is S.RESOLVED) == (not alert.is_open)
    assert [one.event for one in alert.history] == recorded
    assert recorded.count(E.RESOLVED) <= 1


def test_the_history_keeps_its_newest_entries() -> None:
    alert = an_alert()
    for number in range(HISTORY_KEPT + 5):
        alert = happened(alert, E.SEEN_AGAIN, FIRED_AT, detail=str(number))
    assert len(alert.history) == HISTORY_KEPT
    assert alert.history[-1].detail == str(HISTORY_KEPT + 4)


def test_an_alert_is_stored_exactly_in_camel_case_and_keeps_unknown_fields() -> None:
    evidence = Evidence(value=Decimal("62.50"), threshold=Decimal(50), baseline=Decimal("1234.5"), window=YESTERDAY)
    alert = an_alert(evidence=evidence, ticket="T-1")
    raw = alert.model_dump(by_alias=True)
    assert raw["evidence"]["value"] == "62.50"
    assert raw["evidence"]["window"]["firstDay"] == "2026-03-10"
    assert (raw["_id"], raw["firedAt"], raw["ticket"]) == (alert.id, FIRED_AT, "T-1")
    assert AlertRecord.model_validate(raw) == alert
