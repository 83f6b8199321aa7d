"""What people decide in the chat is done once, recorded with its author, and never guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance.contracts.alerts import Decided
from relance.domain.alerts.model import AlertEvent, AlertState, Rule
from relance.domain.failures import Severity
from relance.errors import DependencyUnavailable
from tests.services.conversation.conftest import ANNE, NOW, VIEWER, Room


async def test_an_alert_is_acknowledged_and_recorded_with_who_and_where(room: Room) -> None:
    alert = await room.fires()
    answer = await room.says("please ack this")
    assert "anna looks after this" in answer.text
    stored = await room.alert(alert.key)
    assert (stored.state, stored.acknowledged_by) == (AlertState.ACKNOWLEDGED, "anna")
    assert (stored.history[-1].event, stored.history[-1].by, stored.history[-1].via) == (
        AlertEvent.ACKNOWLEDGED, "anna", "console",
    )  # fmt: skip
    assert room.groups.told == [("default-lp", Decided(keys=(alert.key,)))]


async def test_a_viewer_asks_and_does_not_decide(room: Room) -> None:
    alert = await room.fires()
    for text in ("ack", "silence 4h known pause", "unsilence"):
        assert "operator" in (await room.says(text, VIEWER, about=(alert.key,))).text
    assert (await room.alert(alert.key)).state is AlertState.FIRING
    assert not await room.data.silences.active(NOW)
    assert "Threshold" in (await room.says("details", VIEWER, about=(alert.key,))).text


@pytest.mark.parametrize("text", ["don't ack", "ne pas acquitter", "ack?", "who will ack", "silence 4h", "no"])
async def test_what_is_not_sure_changes_nothing_and_says_so(room: Room, text: str) -> None:
    alert = await room.fires()
    answer = await room.says(text)
    assert answer.title == "🤔 Nothing done"
    assert (await room.alert(alert.key)).state is AlertState.FIRING
    assert room.groups.told == []


async def test_a_decision_is_about_what_was_seen_last_even_if_something_newer_came_in(room: Room) -> None:
    first = await room.fires("0.1.1")
    seen = (await room.stored())[-1].number
    second = await room.fires("0.1.2")
    await room.says("ack", seen=seen)
    assert (await room.alert(first.key)).state is AlertState.ACKNOWLEDGED
    assert (await room.alert(second.key)).state is AlertState.FIRING


async def test_where_it_is_not_clear_which_alert_is_meant_it_is_asked(room: Room) -> None:
    one, other = await room.fires("0.1.1"), await room.fires("x", rule="custom-rule")
    await room.says("status")
    answer = await room.says("ack")
    assert [row.split(" ")[0] for row in answer.rows] == [other.key, one.key]
    assert {(await room.alert(alert.key)).state for alert in (one, other)} == {AlertState.FIRING}
    await room.says("ack custom-rule")
    assert (await room.alert(other.key)).state is AlertState.ACKNOWLEDGED
    assert "I know nothing called u0003" in (await room.says("ack u0003")).text


async def test_an_alert_is_silenced_with_its_reason_and_end(room: Room) -> None:
    alert = await room.fires()
    other = await room.fires("0.1.377")
    answer = await room.says("silence jusqu'à lundi 9h pause connue", ANNE, about=(alert.key,))
    assert "30\u00a0novembre 2026, 09:00 (08:00 UTC)" in answer.text
    (silence,) = await room.data.silences.active(NOW)
    assert (silence.author, silence.reason, silence.via) == ("anne", "pause connue", "console")
    stored = await room.alert(alert.key)
    assert (stored.state, stored.silenced_until) == (AlertState.SILENCED, silence.ends_at)
    assert (stored.history[-1].by, stored.history[-1].via) == ("anne", "console")
    assert (await room.alert(other.key)).state is AlertState.FIRING


async def test_several_alerts_of_a_rule_are_silenced_as_that_rule(room: Room) -> None:
    alerts = [await room.fires(f"0.1.{number}") for number in range(2)]
    answer = await room.says("silence 4h known pause", about=tuple(alert.key for alert in alerts))
    assert "every alert of default-lp" in answer.text
    (silence,) = await room.data.silences.active(NOW)
    assert (silence.matcher.rule, silence.matcher.subject, silence.matcher.severity) == ("default-lp", "*", None)
    other = await room.fires("x", rule="custom-rule")
    answer = await room.says("silence 4h known pause", about=(alerts[0].key, other.key))
    assert "several rules" in answer.text


async def test_a_critical_alert_is_silenced_only_when_that_is_said(room: Room) -> None:
    alert = await room.fires("2026-11", rule=Rule.CYCLE_STOPPED, severity=Severity.CRITICAL)
    assert "critical" in (await room.says("silence 4h known pause")).text
    assert (await room.alert(alert.key)).state is AlertState.FIRING
    await room.says("silence critical 4h known pause")
    assert (await room.alert(alert.key)).state is AlertState.SILENCED


async def test_a_silence_is_ended_and_a_wider_one_is_named(room: Room) -> None:
    alert = await room.fires()
    await room.says("silence 4h known pause")
    room.pass_time(timedelta(minutes=1))
    await room.says("unsilence")
    stored = await room.alert(alert.key)
    assert stored.state is AlertState.FIRING
    assert (stored.history[-1].event, stored.history[-1].by, stored.history[-1].via) == (
        AlertEvent.SILENCE_ENDED, "anna", "console",
    )  # fmt: skip
    assert "No silence holds" in (await room.says("unsilence", about=(alert.key,))).text


async def test_an_alert_that_is_over_cannot_be_decided_about(room: Room) -> None:
    alert = await room.fires()
    await room.data.alerts.record({alert.key: [alert.history[0].model_copy(update={"event": AlertEvent.RESOLVED})]})
    assert "over" in (await room.says("ack", about=(alert.key,))).text


async def test_a_decision_that_cannot_be_signalled_is_stored_and_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await room.fires()

    async def away(*_: object) -> bool:
        raise DependencyUnavailable("Temporal", "no answer")

    monkeypatch.setattr(room.groups, "notify", away)
    answer = await room.says("ack")
    assert "stored" in answer.text
    assert "Temporal" in answer.text
    assert (await room.alert(alert.key)).acknowledged_by == "anna"


async def test_the_same_message_sent_twice_decides_once(room: Room) -> None:
    await room.fires()
    await room.says("ack", key="same")
    room.pass_time(timedelta(minutes=1))
    with pytest.raises(AssertionError):
        await room.says("ack", key="same")
    assert len(await room.stored()) == 3
