from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.cycle.balance import Balance, sum_up
from relance.domain.invitations.invitation import InvitationStatus


def row(status: str, count: int = 1, sent: bool = False, reason: str | None = None, class_: str | None = None) -> Any:
    return {"status": status, "reason": reason, "class": class_, "sent": sent, "count": count}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("sent", 5, sent=True), row("opened", 2, sent=True)], {"sent": 7}),
        ([row("submitted", 3, sent=True), row("expired", 2, sent=True), row("bounced", sent=True)], {"sent": 6}),
        ([row("cancelled", 4, sent=True)], {"sent": 4}),
        ([row("cancelled", 4)], {"cancelled": 4}),
        ([row("skipped", 2, reason="suppressed"), row("skipped", reason="user_inactive")],
         {"skipped": {"suppressed": 2, "user_inactive": 1}}),
        ([row("skipped", 2, reason="suppressed"), row("skipped", 3, reason="suppressed", class_="throttled")],
         {"skipped": {"suppressed": 5}}),
        ([row("submitted", 2), row("bounced"), row("bounced", reason="bounced")],
         {"skipped": {"submitted": 2, "bounced": 2}}),
        ([row("failed", 2, class_="hard_recipient"), row("failed", class_="content")],
         {"failed": {"hard_recipient": 2, "content": 1}}),
        ([row("failed"), row("skipped")], {"failed": {"unknown": 1}, "skipped": {"unknown": 1}}),
        ([row("uncertain", 2)], {"uncertain": 2}),
        ([row("queued", 3), row("sending", 2), row("queued", reason="x", class_="throttled")], {"open": 6}),
        ([row("opened"), row("expired")], {"sent": 2}),
    ],
)  # fmt: skip
def test_each_entry_has_one_outcome(rows: list[Any], expected: dict[str, Any]) -> None:
    total = sum(one["count"] for one in rows)
    found = sum_up(rows, total)
    assert found == Balance(eligible=total, **expected)
    assert found.balance == 0


def test_a_contact_without_an_entry_shows_as_an_imbalance() -> None:
    assert sum_up([row("sent", 9, sent=True)], eligible=10).balance == 1


def test_an_entry_too_many_shows_as_a_negative_imbalance() -> None:
    assert sum_up([row("sent", 9, sent=True), row("queued", 2)], eligible=10).balance == -1


def test_a_status_nobody_knows_is_not_hidden() -> None:
    assert sum_up([row("vanished", 3)], eligible=3).balance == 3


def test_an_empty_period_balances() -> None:
    assert sum_up([], eligible=0).balance == 0


@given(
    st.lists(
        st.builds(
            row,
            st.sampled_from([status.value for status in InvitationStatus]),
            st.integers(1, 1000),
            st.booleans(),
            st.sampled_from([None, "a", "b"]),
            st.sampled_from([None, "c"]),
        )
    ),
    st.integers(-5, 5),
)
def test_the_balance_is_exactly_what_is_missing(rows: list[Any], missing: int) -> None:
    total = sum(one["count"] for one in rows)
    found = sum_up(rows, total + missing)
    assert found.balance == missing
    assert found.sent >= sum(one["count"] for one in rows if one["sent"])
