"""Buttons pressed in Slack: done once, recorded with who pressed them, answered at Slack alone (SPEC K3)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.alerts.model import AlertState
from relance.domain.channels.messages import OutgoingMessage
from relance.gateway.application import application
from relance.gateway.needs import SlackNeeds
from relance.gateway.slack.routes import MOST_BYTES
from relance.gateway.slack.signature import SIGNATURE, TIMESTAMP, signature_of
from tests.services.conversation.conftest import Room
from tests.support.gateway_needs import needs_of

SECRET = "a signing secret"
ANSWER_TO = "https://hooks.slack.com/actions/T0/1/x"
PATH = "/webhooks/slack"


@dataclass
class Workspace:
    """A workspace of Slack whose app calls us."""

    room: Room
    http: httpx.AsyncClient
    answers: list[tuple[str, OutgoingMessage, bool]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def call(self, body: bytes, *, ago: timedelta = timedelta(), headers: Mapping[str, str] | None = None) -> int:
        at = str(int((self.room.clock.now() - ago).timestamp()))
        signed = {TIMESTAMP: at, SIGNATURE: signature_of(SECRET, at, body)}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return (
            await self.http.post(PATH, content=body, headers={**kind, **(signed if headers is None else headers)})
        ).status_code

    async def press(self, action: str, value: str, *, user: str = "U024BE7LH", answer_to: str = ANSWER_TO) -> int:
        return await self.call(_body(_pressed(action, value, user, answer_to)))

    async def answer(self, address: str, message: OutgoingMessage, *, is_public: bool) -> None:
        self.answers.append((address, message, is_public))


def _pressed(action: str, value: str, user: str = "U024BE7LH", answer_to: str = ANSWER_TO) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "anna", "name": "anna", "team_id": "T0"},
        "response_url": answer_to,
        "actions": [{"type": "button", "action_id": action, "block_id": "x", "value": value, "action_ts": "1.1"}],
    }


def _body(payload: Any) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


@pytest.fixture
async def slack(db: Database) -> AsyncIterator[Workspace]:
    room = Room(db)
    http = httpx.AsyncClient(base_url="https://relance.example")
    workspace = Workspace(room, http)
    needs = SlackNeeds(
        secret=SECRET,
        conversation=room.chat,
        may_decide=lambda user: user != "U0VIEWER",
        answer=workspace.answer,
        refused=workspace.refused.append,
        clock=room.clock,
        zone="Europe/Paris",
        language="en",
    )
    app = application(replace(needs_of(), slack=needs))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://relance.example") as http:
        workspace.http = http
        yield workspace


async def test_who_acknowledges_in_slack_is_recorded_and_everybody_there_reads_it(slack: Workspace) -> None:
    alert = await slack.room.fires()
    assert await slack.press("relance-acknowledge", alert.key) == 200
    stored = await slack.room.alert(alert.key)
    assert (stored.state, stored.acknowledged_by, stored.history[-1].via) == (
        AlertState.ACKNOWLEDGED, "slack:U024BE7LH", "slack",
    )  # fmt: skip
    ((address, message, is_public),) = slack.answers
    assert (address, is_public) == (ANSWER_TO, True)
    assert "slack:U024BE7LH looks after this" in message.text
    assert [said.author for said in await slack.room.stored()] == ["", "slack:U024BE7LH", ""]


async def test_details_are_for_who_asks(slack: Workspace) -> None:
    alert = await slack.room.fires()
    assert await slack.press("relance-details", alert.key) == 200
    ((_, message, is_public),) = slack.answers
    assert message.title == "🔎 Details: Default LP"
    assert not is_public


async def test_a_call_that_is_sent_again_does_nothing_more(slack: Workspace) -> None:
    alert = await slack.room.fires()
    for _ in range(2):
        assert await slack.press("relance-acknowledge", alert.key) == 200
    assert len(slack.answers) == 1
    assert len(await slack.room.stored()) == 3


async def test_who_may_not_decide_is_told_so(slack: Workspace) -> None:
    alert = await slack.room.fires()
    await slack.press("relance-acknowledge", alert.key, user="U0VIEWER")
    assert (await slack.room.alert(alert.key)).state is AlertState.FIRING
    assert "operator" in slack.answers[0][1].text


async def test_an_answer_goes_nowhere_else(slack: Workspace) -> None:
    alert = await slack.room.fires()
    assert await slack.press("relance-acknowledge", alert.key, answer_to="http://169.254.169.254/latest") == 200
    assert (await slack.room.alert(alert.key)).state is AlertState.ACKNOWLEDGED
    assert (slack.answers, slack.refused) == ([], ["address"])


async def test_an_unsigned_call_does_nothing(slack: Workspace) -> None:
    alert = await slack.room.fires()
    body = _body(_pressed("relance-acknowledge", alert.key))
    assert await slack.call(body, headers={}) == 401
    assert await slack.call(body, ago=timedelta(seconds=301)) == 401
    assert await slack.call(body, ago=timedelta(seconds=-302)) == 401
    assert (await slack.room.alert(alert.key)).state is AlertState.FIRING
    assert slack.refused == ["signature"] * 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"payload=", 400),
        (b"payload={", 400),
        (b"payload=[]", 400),
        (b"payload=" + b"[" * 20_000, 400),
        (b"\xff\xfe", 400),
        (b"a=1&" * 20 + b"payload={}", 400),
        (_body({"type": "block_actions"}), 400),
        (_body({"type": "block_actions", "user": {"id": "anna@example.com"}}), 400),
        (_body({"type": "block_actions", "user": {"id": "U024BE7LH"}, "actions": {}}), 200),
        (_body({"type": "block_actions", "user": {"id": "U024BE7LH"}, "actions": [None, 1, "x"]}), 200),
        (_body({"type": "view_submission", "user": {"id": "U024BE7LH"}}), 200),
        (_body(_pressed("relance-acknowledge", "")), 200),
        (_body(_pressed("relance-acknowledge", "no/such\ud800key")), 200),
        (_body(_pressed("somebody-elses", "default-lp/1")), 200),
        (b"payload=" + b"x" * MOST_BYTES, 413),
    ],
)
async def test_a_signed_call_that_says_nothing_to_us_changes_nothing(
    slack: Workspace, body: bytes, status: int
) -> None:
    alert = await slack.room.fires()
    assert await slack.call(body) == status
    assert (await slack.room.alert(alert.key)).state is AlertState.FIRING


async def test_without_an_app_there_is_no_such_address() -> None:
    transport = httpx.ASGITransport(application(needs_of()))
    async with httpx.AsyncClient(transport=transport, base_url="https://relance.example") as http:
        assert (await http.post(PATH)).status_code == 404
