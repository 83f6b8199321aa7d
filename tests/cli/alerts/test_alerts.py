"""Alerts from the command line, while no worker runs: the database has them, their workflows only hear of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from relance.contracts.alerts import Decided, DetailsAsked
from relance.domain.alerts.model import Rule
from relance.domain.failures import Severity
from relance.ids import alert_workflow_id
from tests.cli.desk import desk, page
from tests.support.terminal import Terminal

FIRST, SECOND = "default-lp/0.8.376", "default-lp/0.9.376"
CRITICAL = "cycle-imbalance/2026-11"


@pytest.fixture
async def fired(terminal: Terminal, client: Client) -> AsyncIterator[Terminal]:
    """Two default pages and a critical alert, freshly fired; nothing else is open."""
    async with desk(terminal, client) as (ours, database):
        imbalance = page("2026-11", rule=Rule.CYCLE_IMBALANCE, group=Rule.CYCLE_IMBALANCE, severity=Severity.CRITICAL)
        await ours.fire([page("0.8.376"), page("0.9.376", 120), imbalance])
        yield terminal
        await database.raw.alerts.delete_many({})
        await database.raw.silences.delete_many({})
    for group in (Rule.DEFAULT_LP, Rule.CYCLE_IMBALANCE):
        await client.get_workflow_handle(alert_workflow_id(group)).terminate()


async def signals(client: Client, group: str, name: str, kind: type[Any]) -> list[Any]:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(alert_workflow_id(group))
    found = []
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            attributes = event.workflow_execution_signaled_event_attributes
            if attributes.signal_name == name:
                found += await client.data_converter.decode(attributes.input.payloads, [kind])
    return found


def keys(said: dict[str, Any], what: str = "alerts") -> list[str]:
    return [alert["key"] for alert in said[what]]


def test_the_list_shows_open_alerts_with_their_names_as_they_are(fired: Terminal) -> None:
    said = fired.json("alerts", "list")
    assert set(keys(said)) == {FIRST, SECOND, CRITICAL}
    assert said["alerts"][0]["state"] == "firing"
    shown = fired.run("alerts", "list").out
    assert FIRST in shown
    assert "63 clicks" in shown
    # Rich would take this for a tag.
    assert "[nl]" in shown
    assert "Silences" not in shown


def test_the_list_can_be_narrowed_and_cut(fired: Terminal) -> None:
    assert keys(fired.json("alerts", "list", "--severity", "critical")) == [CRITICAL]
    both = fired.json("alerts", "list", "--rule", "default-lp", "--group", "default-lp")
    assert set(keys(both)) == {FIRST, SECOND}
    cut = fired.json("alerts", "list", "--limit", "1")
    assert (len(cut["alerts"]), cut["total"]) == (1, 3)
    assert "2 more" in fired.run("alerts", "list", "--limit", "1").out
    assert "No such alert is open" in fired.run("alerts", "list", "--rule", "no-data").out


async def test_alerts_are_shown_in_the_language_of_the_messages(fired: Terminal) -> None:
    french = Terminal({**fired.environment, "RELANCE_ALERTS__LANGUAGE": "fr"})
    assert "partenaire Alpha" in french.run("alerts", "list").out


async def resolve(terminal: Terminal, client: Client) -> None:
    async with desk(terminal, client) as (_, database):
        now = datetime.now(UTC)
        for key, days in ((FIRST, 3), (SECOND, 40)):
            gone = now - timedelta(days=days)
            changed = {"state": "resolved", "resolvedAt": gone, "updatedAt": gone}
            await database.raw.alerts.update_one({"key": key}, {"$set": changed, "$unset": {"open": ""}})


async def test_resolved_alerts_are_listed_for_as_long_as_asked(fired: Terminal, client: Client) -> None:
    await resolve(fired, client)
    assert keys(fired.json("alerts", "list")) == [CRITICAL]
    assert set(keys(fired.json("alerts", "list", "--all"))) == {CRITICAL, FIRST}
    assert set(keys(fired.json("alerts", "list", "--all", "--days", "50"))) == {CRITICAL, FIRST, SECOND}


async def test_an_alert_that_is_over_is_shown_by_its_id_and_as_the_last_of_its_group(
    fired: Terminal, client: Client
) -> None:
    await resolve(fired, client)
    [alert] = fired.json("alerts", "show", "default-lp")["alerts"]
    assert (alert["key"], alert["state"]) == (FIRST, "resolved")
    assert keys(fired.json("alerts", "show", alert["id"])) == [FIRST]
    over = fired.run("alerts", "show", FIRST, "--post", "--json")
    assert (over.code, over.data["posted"]) == (1, [])
    assert "over" in over.data["message"]


def test_an_alert_is_shown_with_evidence_and_windows_even_if_nobody_answers_for_its_workflow(fired: Terminal) -> None:
    said = fired.json("alerts", "show", FIRST)
    assert (keys(said), said["next"], said["deliveries"]) == ([FIRST], {}, {})
    shown = fired.run("alerts", "show", FIRST).out
    for part in ("63", "50", "2026-03-10 Europe/Amsterdam", "2026-03-09 23:00", "History", "opened"):
        assert part in shown, part
    assert set(keys(fired.json("alerts", "show", "default-lp"))) == {FIRST, SECOND}
    unknown = fired.run("alerts", "show", "default-lp/1.2.3")
    assert unknown.code == 2
    assert "alerts list --all" in unknown.err


def test_an_alert_is_shown_while_temporal_is_away(fired: Terminal) -> None:
    away = Terminal({**fired.environment, "TEMPORAL_ADDRESS": "127.0.0.1:1"})
    ended = away.run("alerts", "show", FIRST)
    assert ended.code == 0
    assert "63 clicks" in ended.out
    assert "Temporal does not answer" in ended.err
    refused = away.run("alerts", "ack", FIRST, "--by", "dora", "--json")
    assert (refused.code, refused.data["dependency"]) == (3, "Temporal")
    assert fired.json("alerts", "show", FIRST)["alerts"][0]["state"] == "firing"


async def test_yes_more_details_reaches_the_workflow(fired: Terminal, client: Client) -> None:
    said = fired.json("alerts", "show", FIRST, "--post")
    assert said["posted"] == [FIRST]
    said = fired.json("alerts", "show", "default-lp", "--post")
    assert set(said["posted"]) == {FIRST, SECOND}
    first, both = await signals(client, "default-lp", "details", DetailsAsked)
    assert first.keys == (FIRST,)
    assert set(both.keys) == {FIRST, SECOND}


async def test_an_acknowledgement_is_stored_and_told_and_safe_to_repeat(fired: Terminal, client: Client) -> None:
    said = fired.json("alerts", "ack", FIRST, "--by", "dora")
    assert (keys(said, "acknowledged"), said["already"], said["by"]) == ([FIRST], [], "dora")
    assert "nothing more is said until it gets worse" in said["message"]
    again = fired.run("alerts", "ack", FIRST, "--by", "emil", "--json")
    assert (again.code, again.data["already"]) == (0, [FIRST])
    assert "acknowledged already, by dora" in again.data["message"]
    assert "acknowledged by emil" in fired.run("alerts", "list").out
    told = await signals(client, "default-lp", "decided", Decided)
    assert told == [Decided(keys=(FIRST,))] * 2


def test_a_group_is_acknowledged_at_once_by_the_login(fired: Terminal) -> None:
    named = Terminal({**fired.environment, "LOGNAME": "frida"})
    said = named.json("alerts", "ack", "default-lp")
    assert set(keys(said, "acknowledged")) == {FIRST, SECOND}
    assert said["by"] == "frida"


def test_nothing_open_is_said_in_a_sentence(fired: Terminal) -> None:
    ended = fired.run("alerts", "ack", "paused-partner/1")
    assert ended.code == 2
    assert "no open alert has the key or group 'paused-partner/1'" in ended.err


async def test_a_silence_holds_back_what_is_open_and_is_listed(fired: Terminal, client: Client) -> None:
    reason = ("--reason", "page is being [replaced]", "--by", "dora")
    said = fired.json("alerts", "silence", FIRST, "--for", "4h", *reason)
    assert keys(said) == [FIRST]
    assert said["silence"]["matcher"]["subject"] == "0.8.376"
    [told] = await signals(client, "default-lp", "decided", Decided)
    # MongoDB keeps milliseconds; the silence itself is told as it was typed.
    assert (told.keys, told.until.isoformat()) == ((FIRST,), said["until"].replace("Z", "+00:00"))
    shown = fired.run("alerts", "list").out
    assert "silenced until" in shown
    for part in ("Silences that hold now", "default-lp, subject 0.8.376", "dora", "[replaced]"):
        assert part in shown, part
    again = fired.json("alerts", "silence", FIRST, "--for", "5h", *reason)
    assert again["silence"]["id"] == said["silence"]["id"]
    assert len(fired.json("alerts", "list")["silences"]) == 1


def test_a_silence_says_how_many_and_until_when_in_local_time_and_utc(fired: Terminal) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT12:00+00:00")
    out = fired.run("alerts", "silence", "--rule", "*", "--until", until, "--reason", "moving house").out
    assert "holds back 2 open alerts" in out
    assert "Europe/Amsterdam (12:00 UTC)" in out
    assert "Not among them: 1 critical alert" in out
    loud = fired.json("alerts", "list", "--severity", "critical")["alerts"]
    assert [alert["state"] for alert in loud] == ["firing"]


def test_a_critical_alert_is_silenced_when_its_severity_is_named(fired: Terminal) -> None:
    line = ("alerts", "silence", CRITICAL, "--for", "1h", "--reason", "we know")
    refused = fired.run(*line, "--json")
    assert (refused.code, refused.data["field"]) == (2, "--severity")
    assert fired.json("alerts", "list")["silences"] == []
    assert keys(fired.json(*line, "--severity", "critical")) == [CRITICAL]


def test_a_short_silence_does_not_end_a_longer_one(fired: Terminal) -> None:
    long = fired.json("alerts", "silence", FIRST, "--for", "3d", "--reason", "page is being replaced")
    fired.json("alerts", "silence", "default-lp", "--for", "30m", "--reason", "deployment")
    ends = {
        alert["key"]: alert["silenced_until"]
        for alert in fired.json("alerts", "list", "--rule", "default-lp")["alerts"]
    }
    # MongoDB keeps milliseconds.
    assert ends[FIRST][:22] == long["until"][:22]
    assert ends[SECOND] < ends[FIRST]


async def test_what_opens_under_a_silence_is_born_silent(fired: Terminal, client: Client) -> None:
    said = fired.json("alerts", "silence", "--subject", "0.7.*", "--for", "1d", "--reason", "new page")
    assert said["alerts"] == []
    async with desk(fired, client) as (ours, _):
        [born] = await ours.fire([page("0.7.376")])
    assert born.state == "silenced"


async def test_a_silence_is_taken_back_and_its_alert_told_and_twice_changes_nothing(
    fired: Terminal, client: Client
) -> None:
    silenced = fired.json("alerts", "silence", FIRST, "--for", "4h", "--reason", "page is being replaced")
    said = fired.json("alerts", "unsilence", silenced["silence"]["id"][:8], "--by", "dora")
    assert keys(said) == [FIRST]
    assert [one["id"] for one in said["silences"]] == [silenced["silence"]["id"]]
    listed = fired.json("alerts", "list")
    assert listed["silences"] == []
    assert {alert["state"] for alert in listed["alerts"]} == {"firing"}
    history = next(one for one in listed["alerts"] if one["key"] == FIRST)["history"]
    assert (history[-1]["event"], history[-1]["by"]) == ("silence_ended", "dora")
    _, ended = await signals(client, Rule.DEFAULT_LP, "decided", Decided)
    assert ended.keys == (FIRST,)
    assert ended.until <= datetime.now(UTC)
    again = fired.json("alerts", "unsilence", silenced["silence"]["id"][:8])
    assert (again["silences"], again["alerts"]) == ([], [])
    assert "nothing was taken back" in again["message"]


def test_a_silence_is_taken_back_as_it_was_named_and_broader_ones_hold(fired: Terminal) -> None:
    fired.json("alerts", "silence", FIRST, "--for", "4h", "--reason", "page is being replaced")
    broad = fired.json("alerts", "silence", "--rule", "default-lp", "--for", "1h", "--reason", "deployment")
    said = fired.json("alerts", "unsilence", FIRST)
    assert len(said["silences"]) == 1
    # Another silence holds it, for less time.
    assert keys(said) == []
    listed = fired.json("alerts", "list")
    assert [one["id"] for one in listed["silences"]] == [broad["silence"]["id"]]
    until = {alert["key"]: alert["silenced_until"] for alert in listed["alerts"]}
    assert until[FIRST] == until[SECOND]
    assert set(keys(fired.json("alerts", "unsilence", "--rule", "default-lp"))) == {FIRST, SECOND}


def test_every_silence_can_be_taken_back_at_once(fired: Terminal) -> None:
    fired.json("alerts", "silence", FIRST, "--for", "4h", "--reason", "page is being replaced")
    fired.json("alerts", "silence", CRITICAL, "--severity", "critical", "--for", "1h", "--reason", "we know")
    said = fired.json("alerts", "unsilence", "--all")
    assert set(keys(said)) == {FIRST, CRITICAL}
    assert len(said["silences"]) == 2
    assert fired.json("alerts", "unsilence", "--all")["silences"] == []


async def test_who_died_between_silence_and_alert_runs_it_again(fired: Terminal, client: Client) -> None:
    fired.json("alerts", "silence", FIRST, "--for", "4h", "--reason", "page is being replaced")
    async with desk(fired, client) as (_, database):
        await database.raw.silences.delete_many({})
    assert keys(fired.json("alerts", "unsilence", FIRST)) == [FIRST]


def test_what_nobody_silenced_ever_cannot_be_taken_back(fired: Terminal) -> None:
    ended = fired.run("alerts", "unsilence", "no-such-rule", "--json")
    assert ended.code == 2
    assert "no-such-rule" in ended.data["error"]
