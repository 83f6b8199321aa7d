"""What the chat keeps, refuses and shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault, Service
from relance.devstack.stack import Given, Stack
from relance.errors import DependencyUnavailable, InvalidInput

HELLO = {"text": "Hello"}
SIGNED = {"webhook-id": "k1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
LONG = "x" * 3001


async def _post(chat: Chat, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(base_url=chat.url, trust_env=False, timeout=30) as client:
        return await client.post(path, json=body, headers=headers)


async def test_a_message_is_kept_with_its_headers_and_answered_as_the_real_one_does(chat: Chat) -> None:
    slack = await _post(chat, "/slack/T0/B0/x", {"text": "Été"}, {"Idempotency-Key": "k1"})
    webhook = await _post(chat, "/webhook/a", {"type": "t"}, SIGNED)
    assert (slack.status_code, slack.text, webhook.status_code) == (200, "ok", 204)
    first, second = await chat.messages()
    assert (first.service, first.path, first.key, first.body) == (
        Service.SLACK,
        "/slack/T0/B0/x",
        "k1",
        {"text": "Été"},
    )
    assert (second.key, second.headers["webhook-signature"]) == ("k1", "v1,x")
    assert await chat.messages(after=first.n) == [second]
    await _post(chat, "/slack/T0/B0/x", HELLO, {"Idempotency-Key": "k1"})
    stats = await chat.stats()
    assert (stats.total, stats.tries, stats.repeated) == (3, 3, 1)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/slack/x", {}, 400),
        ("/slack/x", [], 400),
        ("/slack/x", {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": LONG}}]}, 400),
        ("/slack/x", {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}, 400),
        ("/slack/x", {"blocks": [{"type": "invented"}]}, 400),
        ("/slack/x", {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}] * 51}, 400),
        ("/teams/x", HELLO, 400),
        ("/teams/x", {"type": "message", "attachments": [], "padding": "x" * 28_000}, 413),
        ("/webhook/x", {"type": "t"}, 400),
    ],
)
async def test_what_the_real_one_would_refuse_is_refused(chat: Chat, path: str, body: Any, status: int) -> None:
    assert (await _post(chat, path, body)).status_code == status
    assert await chat.messages() == []


async def test_faults_happen_in_turn_and_as_often_as_asked(chat: Chat) -> None:
    await chat.add_fault(ChatFault(service=Service.TEAMS, status=500))
    await chat.add_fault(ChatFault(status=429, headers={"retry-after": "3"}, times=2))
    await chat.add_fault(ChatFault(drop=True, keep=True, times=1))
    for _ in range(2):
        answer = await _post(chat, "/slack/x", HELLO)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    with pytest.raises(httpx.RemoteProtocolError):
        await _post(chat, "/slack/x", HELLO)
    assert len(await chat.messages()) == 1
    assert (await _post(chat, "/slack/x", HELLO)).status_code == 200
    with pytest.raises(InvalidInput):
        await chat.add_fault(ChatFault.model_construct(status=200))


async def test_the_page_shows_bubbles_and_runs_no_script(chat: Chat) -> None:
    block = {
        "type": "mrkdwn",
        "text": "&lt;script&gt;alert(1)&lt;/script&gt; <https://desk.example/?a=1&amp;b=2|Details>",
    }
    await _post(chat, "/slack/x", {"blocks": [{"type": "section", "text": block}]})
    async with httpx.AsyncClient(base_url=chat.url, trust_env=False) as browser:
        page = await browser.get("/")
        foreign = await browser.get("/", headers={"host": "attacker.example"})
    assert "&lt;script&gt;alert(1)" in page.text
    assert '<a href="https://desk.example/?a=1&amp;b=2" rel="noreferrer">Details</a>' in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert foreign.status_code == 400


async def test_a_stack_opens_its_chat_when_asked_and_once(tmp_path: Path) -> None:
    given = Given(
        "mongodb://db.example", "t.example:7233", None, ("r.example", 25), "http://r.example", "https://e.example"
    )
    async with Stack(tmp_path, given=given) as stack:
        assert stack.chat_http is None
        assert "RELANCE_CHANNELS__SLACK_URL" not in stack.environment()
        address = await stack.open_chat()
        assert await stack.open_chat() == stack.chat_http == address
        assert stack.environment()["RELANCE_CHANNELS__SLACK_URL"] == f"{address}/slack/partner-desk"
        assert ("Chat", address) in stack.describe()
        async with Chat(address) as chat:
            assert (await chat.stats()).tries == 0
    async with Chat(address) as chat:
        with pytest.raises(DependencyUnavailable):
            await chat.stats()
