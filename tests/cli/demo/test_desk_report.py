"""The demo's account of the partner desk: whatever does not add up is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relance.cli.demo.desk_report import DeskAccount
from relance.contracts.checks import CheckResult
from relance.contracts.names import CheckName
from relance.domain.alerts.group import AlertCounts
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, HistoryEntry
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.failures import Severity

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def result(check: CheckName, findings: int = 1, state: str = "ran") -> CheckResult:
    return CheckResult(check=check, nominal=NOW, state=state, rows=7, findings=findings)


def alert(rule: str, state: AlertState = AlertState.RESOLVED, *events: AlertEvent) -> AlertRecord:
    history = tuple(HistoryEntry(at=NOW, event=event) for event in events or (AlertEvent.OPENED, AlertEvent.SENT))
    return AlertRecord(
        id=f"{rule}/1@{NOW}",
        key=f"{rule}/1",
        group=rule,
        rule=rule,
        subject="1",
        severity=Severity.HIGH,
        state=state,
        fired_at=NOW,
        updated_at=NOW,
        history=history,
    )


def message(key: str) -> ChatMessage:
    return ChatMessage(
        key=key, number=1, severity=Severity.HIGH, at=NOW, language="en", title="t", text="t", plain=f"about {key}"
    )


KEYS = [f"alert/{letter}" for letter in "abcd"]
FINE = DeskAccount(
    first=[result(CheckName.DEFAULT_LP), result(CheckName.PAUSED_PARTNER)],
    others=[result(CheckName.DEFAULT_LP), result(CheckName.DEFAULT_LP, 0), result(CheckName.PAUSED_PARTNER, 0)],
    counts=[AlertCounts(fired=1, delivered=2, suppressed=1, resolved=1), AlertCounts(fired=1, delivered=2, resolved=1)],
    alerts=[alert("default-lp"), alert("paused-partner")],
    inbox=[message(key) for key in KEYS],
    posted=KEYS,
)
WRONG = {
    "a check that had no data": (
        replace(FINE, others=[result(CheckName.DEFAULT_LP, state="failed")]),
        "default-lp did not look",
    ),
    "a message twice": (replace(FINE, posted=[*KEYS, KEYS[-1]]), "a message is in the chat twice"),
    "a message only in our inbox": (replace(FINE, posted=KEYS[:-1]), "do not hold the same messages"),
    "a message nobody counted": (
        replace(FINE, counts=[AlertCounts(delivered=3)]),
        "does not hold as many messages as the workflows say",
    ),
    "a finding without a message": (
        replace(FINE, alerts=[alert("default-lp"), alert("paused-partner", AlertState.RESOLVED, AlertEvent.OPENED)]),
        "nobody was told of a finding",
    ),
    "an alert that stays open": (
        replace(FINE, alerts=[alert("default-lp", AlertState.ACKNOWLEDGED), alert("paused-partner")]),
        "default-lp/1 did not resolve",
    ),
}


def test_a_morning_that_adds_up_has_its_figures_and_no_problems() -> None:
    assert FINE.problems == []
    assert FINE.data == {
        "alerts": {"fired": 2, "delivered": 4, "suppressed": 1, "resolved": 2},
        "checks": {"default_lp": 1, "paused_partner": 1},
    }


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_add_up_is_said(what: str) -> None:
    account, said = WRONG[what]
    assert any(said in problem for problem in account.problems), account.problems
