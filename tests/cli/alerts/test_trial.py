"""Trial messages, and what `doctor` and `watchdog` say of channels that tell nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

import starter
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault, Service
from tests.cli.desk import stored
from tests.support.terminal import Ended, Terminal


@pytest.fixture
async def wired(terminal: Terminal, chat_http: str, chat: Chat) -> AsyncIterator[Terminal]:
    """A terminal that leads to the inbox and to two chats of one server, empty and without faults."""
    await chat.clear()
    channels = {
        "RELANCE_CHANNELS__ALWAYS": "inbox",
        "RELANCE_CHANNELS__ORDER": "slack,teams:ops",
        "RELANCE_CHANNELS__SLACK_URL": f"{chat_http}/slack/secret-desk",
        "RELANCE_CHANNELS__RECIPIENTS": json.dumps({"teams:ops": f"{chat_http}/teams/secret-ops"}),
        "RELANCE_CHANNELS__LOCAL_HOSTS": urlsplit(chat_http).netloc,
    }
    yield Terminal({**terminal.environment, **channels})
    async with starter.database(stored(terminal)) as database:
        await database.raw.channels.delete_many({})
        await database.raw.chatMessages.delete_many({})


def readers(ended: Ended) -> dict[str, str]:
    return {one["what"]: one["state"] for one in ended.data["effects"] if one["what"].startswith("readers")}


async def test_every_channel_gets_a_trial_message_and_is_known_to_work_after_it(wired: Terminal, chat: Chat) -> None:
    ended = wired.run("alerts", "channels", "--test", "--by", "dora", "--json")
    assert ended.code == 0, ended.err
    assert {one["channel"]: one["outcome"] for one in ended.data["trials"]} == {
        "inbox": "delivered",
        "slack": "delivered",
        "teams:ops": "delivered",
    }
    posted = {one.service: one for one in await chat.messages()}
    assert posted.keys() == {Service.SLACK, Service.TEAMS}
    for one in posted.values():
        assert "Trial message: nothing is wrong" in one.raw
        assert "dora" in one.raw
    assert "secret" not in ended.out
    conditions = {one["name"]: one["condition"] for one in wired.json("alerts", "channels")["channels"]}
    assert conditions == {"inbox": "working", "slack": "working", "teams:ops": "working"}
    assert readers(wired.run("watchdog", "--json")) == {"readers of alerts": "ok"}


async def test_only_those_that_are_named_are_tried(wired: Terminal, chat: Chat) -> None:
    said = wired.json("alerts", "channels", "--test", "teams:ops")
    assert [one["channel"] for one in said["trials"]] == ["teams:ops"]
    assert [one.path for one in await chat.messages()] == ["/teams/secret-ops"]


@pytest.mark.parametrize(
    ("fault", "code", "outcome", "reason"),
    [
        ({"status": 403, "body": "action_prohibited"}, 1, "refused", "403 action_prohibited"),
        ({"status": 404}, 1, "refused", "404"),
        ({"status": 503}, 3, "unavailable", "503"),
        ({"drop": True}, 3, "unavailable", "no answer"),
    ],
)
async def test_what_a_channel_answers_is_told_with_what_to_mend(
    wired: Terminal, chat: Chat, fault: dict[str, object], code: int, outcome: str, reason: str
) -> None:
    await chat.add_fault(ChatFault.model_validate({"service": "slack", **fault}))
    ended = wired.run("alerts", "channels", "--test", "--json")
    assert ended.code == code
    found = {one["channel"]: one for one in ended.data["trials"]}
    assert found["slack"]["outcome"] == outcome
    assert reason in found["slack"]["reason"]
    assert "RELANCE_CHANNELS__SLACK_URL" in found["slack"]["remedy"]
    assert found["teams:ops"]["outcome"] == "delivered"
    # One of both still tells people.
    assert readers(wired.run("watchdog", "--json")) == {"readers of alerts": "ok"}


async def test_when_every_channel_to_people_fails_the_watchdog_says_that_nobody_is_told(
    wired: Terminal, chat: Chat
) -> None:
    await chat.add_fault(ChatFault(status=503))
    assert wired.run("alerts", "channels", "--test", "--json").code == 3
    ended = wired.run("watchdog", "--json")
    assert ended.code != 0
    assert readers(ended) == {"readers of alerts": "stopped"}
    assert "503" in ended.out


def test_an_inbox_alone_is_nobody(wired: Terminal) -> None:
    alone = Terminal({**wired.environment, "RELANCE_CHANNELS__ORDER": ""})
    assert readers(alone.run("watchdog", "--json")) == {"readers of alerts": "stopped"}
    ended = alone.run("doctor", "--json")
    assert ended.code != 0
    [check] = [one for one in ended.data["checks"] if one["what"] == "alerts"]
    assert check["state"] == "wrong"
    assert "inbox alone" in check["detail"]
    assert "RELANCE_CHANNELS__ORDER" in check["remedy"]


def test_the_routes_are_shown_and_explained(wired: Terminal, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("routes") / "routes.toml"
    file.write_text('[[route]]\nname = "desk"\nrules = ["default-lp"]\norder = ["teams:ops"]\nquiet = "20:00-08:00"\n')
    routed = Terminal({**wired.environment, "RELANCE_ALERTS__ROUTES_FILE": str(file)})
    said = routed.json("alerts", "routes")
    assert [one["name"] for one in said["routes"]] == ["desk", "default"]
    assert "default-lp" not in said["by_default"]
    assert set(said["by_default"]["mongodb-unhealthy"]) == {"critical", "high", "medium", "low"}
    assert "20:00-08:00 Europe/Amsterdam" in routed.run("alerts", "routes").out
    [high] = routed.json("alerts", "routes", "--explain", "default-lp", "--severity", "high")["goes"]
    assert high["route"]["order"] == ["teams:ops"]
    outage = routed.json("alerts", "routes", "--explain", "mongodb-unhealthy")["goes"]
    assert {one["route"]["name"] for one in outage} == {"default"}
    roles = {one["name"]: one["gets"] for one in routed.json("alerts", "channels")["channels"]}
    assert roles["teams:ops"] == "choice 2 of default, choice 1 of desk"
    file.write_text("[[route]]\n")
    wrong = routed.run("alerts", "routes", "--json")
    assert wrong.code == 2
    assert "name is missing" in wrong.data["error"]
