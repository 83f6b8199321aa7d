from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import assume, given
from hypothesis import strategies as st

from relance.ids import (
    LONGEST_ALERT_KEY,
    alert_details_key,
    alert_id,
    alert_key,
    alert_message_key,
    alert_workflow_id,
)

AMSTERDAM_WINTER = timezone(timedelta(hours=1))
AT = datetime(2026, 3, 11, 9, 0, tzinfo=AMSTERDAM_WINTER)


def test_the_ids_of_alerts_say_what_they_are_about() -> None:
    assert alert_key("default-lp", "0.8.376") == "default-lp/0.8.376"
    assert alert_key("default-lp", "N/A.8.376") == "default-lp/N%2FA.8.376"
    assert alert_id("default-lp/0.8.376", AT) == "default-lp/0.8.376@2026-03-11T08:00:00.000000Z"
    assert alert_workflow_id("default-lp") == "alert/default-lp"


def test_a_messages_key_depends_on_group_opening_and_number_only() -> None:
    key = alert_message_key("default-lp", AT, 3)
    assert key == "alert/default-lp/2026-03-11T08:00:00.000000Z/3"
    assert alert_details_key(key, AT) == f"{key}/details/2026-03-11T08:00:00.000000Z"


subjects = st.text(st.characters(codec="utf-8"), max_size=400)


@given(subjects, subjects)
def test_different_subjects_have_different_short_plain_keys(one: str, other: str) -> None:
    assume(one != other)
    keys = alert_key("default-lp", one), alert_key("default-lp", other)
    assert keys[0] != keys[1]
    assert max(map(len, keys)) <= LONGEST_ALERT_KEY
    assert "".join(keys).isascii()
