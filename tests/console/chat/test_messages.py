"""Which message of the chat has the buttons, and where links to an alert lead."""

from __future__ import annotations

from typing import Any

from relance.console.pages.chat_messages import MOST_ALERTS, keys_shown, spoken
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.channels.chat_message import ChatMessage, stored
from relance.domain.failures import Severity
from relance.ids import alert_anchor
from tests.support.alerts import an_alert
from tests.support.messages import a_message

KEY = "default-lp/0.8.376"


def said(number: int, key: str, *about: str, offer: str = "More?", author: str = "") -> ChatMessage:
    return stored(a_message(key), number).model_copy(update={"about": about, "offer": offer, "author": author})


def places(messages: list[ChatMessage], *alerts: AlertRecord, **more: Any) -> dict[int, str]:
    found = spoken(messages, {alert.key: alert for alert in alerts}, **more)
    return {one.number: one.anchor for one in found if one.anchor}


def test_the_newest_message_about_an_alert_is_its_place() -> None:
    messages = [said(1, "alert/a/1", KEY), said(2, "alert/a/2", KEY), said(3, "chat/x/answer", KEY)]
    assert places(messages, an_alert()) == {2: alert_anchor(KEY)}
    assert places(messages[2:], an_alert()) == {3: alert_anchor(KEY)}
    assert places(messages, an_alert(), taken=[alert_anchor(KEY)]) == {}


def test_several_alerts_have_the_place_of_their_group() -> None:
    other = an_alert(id="b", key="default-lp/2")
    assert places([said(1, "alert/a/1", KEY, other.key)], an_alert(), other) == {1: alert_anchor("default-lp")}


def test_what_people_write_and_what_offers_nothing_has_no_buttons() -> None:
    assert places([said(1, "chat/x", KEY, author="anna"), said(2, "alert/a/2", KEY, offer="")], an_alert()) == {}
    assert places([said(1, "alert/a/1", "gone/1")], an_alert()) == {}


def test_the_buttons_follow_the_state_of_the_alerts() -> None:
    (over,) = spoken([said(1, "alert/a/1", KEY)], {KEY: an_alert(state=AlertState.RESOLVED)})
    assert not over.has_buttons
    (taken,) = spoken([said(1, "alert/a/1", KEY)], {KEY: an_alert(state=AlertState.ACKNOWLEDGED)})
    assert taken.has_buttons
    assert not taken.can_be_acknowledged
    (critical,) = spoken([said(1, "alert/a/1", KEY)], {KEY: an_alert(severity=Severity.CRITICAL)})
    assert critical.is_critical
    assert critical.can_be_acknowledged


def test_in_a_storm_the_states_of_the_newest_alerts_are_read_and_a_form_names_all_of_them() -> None:
    many = tuple(f"default-lp/{number}" for number in range(2 * MOST_ALERTS))
    messages = [said(1, "alert/a/1", "old/1"), said(2, "alert/a/2", *many), said(3, "chat/x", "x/1", author="anna")]
    shown = keys_shown(messages)
    assert shown == list(many[:MOST_ALERTS])
    (_, storm, _) = spoken(messages, {key: an_alert(id=key, key=key) for key in shown})
    assert storm.keys.split() == list(many)
    assert storm.has_buttons
