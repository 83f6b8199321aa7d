"""How the channels fare, as the database has it; and one that was gone is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

import starter
from relance.domain.channels.channel_state import ChannelCondition, ChannelState
from relance.settings import Settings
from relance.settings.recipients import ChannelName
from tests.cli.desk import stored
from tests.support.terminal import Terminal

HOOK = "https://hooks.example.com/services/T/B/x"
SINCE = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)


def fingerprint(hook: str = HOOK) -> str:
    settings = Settings.model_validate({"channels": {"order": "slack", "slack_url": hook}})
    return settings.channels.fingerprint(ChannelName.SLACK)


def slack(condition: ChannelCondition, **fields: object) -> ChannelState:
    standard = {"since": SINCE, "at": SINCE, "address": fingerprint(), "detail": "answered 404", "failed": 3}
    return ChannelState.model_validate({"name": "slack", "condition": condition, **standard, **fields})


async def note(terminal: Terminal, state: ChannelState) -> None:
    async with starter.database(stored(terminal)) as database:
        await database.channel_states.note(state)


@pytest.fixture
async def wired(terminal: Terminal) -> AsyncIterator[Terminal]:
    """A terminal whose settings name the inbox and Slack, of which nothing is known yet."""
    channels = {"RELANCE_CHANNELS__ORDER": "slack", "RELANCE_CHANNELS__SLACK_URL": HOOK}
    yield Terminal({**terminal.environment, **channels})
    async with starter.database(stored(terminal)) as database:
        await database.raw.channels.delete_many({})


def conditions(said: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    return {one["name"]: one["condition"] for one in said["channels"]}


async def test_every_named_channel_is_shown_with_how_it_fares(wired: Terminal) -> None:
    assert conditions(wired.json("alerts", "channels")) == {"inbox": "never used", "slack": "never used"}
    await note(wired, slack(ChannelCondition.FAILING, delivered=7))
    ended = wired.run("alerts", "channels")
    assert ended.code == 0
    for part in ("every message", "choice 1", "failing", "2026-03-11 09:00", "answered 404", "7"):
        assert part in ended.out, part
    assert HOOK not in ended.out


async def test_a_channel_that_is_gone_shows_in_the_exit_code_until_it_is_enabled_again(wired: Terminal) -> None:
    await note(wired, slack(ChannelCondition.GONE))
    ended = wired.run("alerts", "channels")
    assert ended.code == 1
    assert "starter.py alerts enable slack" in ended.out
    assert wired.json("alerts", "enable", "slack", "--by", "dora")["enabled"] is True
    said = wired.json("alerts", "channels")
    [state] = [one["state"] for one in said["channels"] if one["name"] == "slack"]
    assert (state["condition"], state["failed"], state["address"]) == ("failing", 3, fingerprint())
    assert "dora" in state["detail"]
    again = wired.json("alerts", "enable", "slack")
    assert (again["enabled"], "not disabled" in again["message"]) == (False, True)


async def test_what_was_gone_at_another_address_says_nothing_about_this_one(wired: Terminal) -> None:
    await note(wired, slack(ChannelCondition.GONE, address=fingerprint("https://hooks.example.com/services/T/B/old")))
    said = wired.json("alerts", "channels")
    assert conditions(said)["slack"] == "never used at this address"


def test_a_channel_the_settings_do_not_name_cannot_be_enabled(wired: Terminal) -> None:
    ended = wired.run("alerts", "enable", "teams", "--json")
    assert (ended.code, ended.data["field"]) == (2, "CHANNEL")
    assert "inbox, slack" in ended.data["remedy"]
