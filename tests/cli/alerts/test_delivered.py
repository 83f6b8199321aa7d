"""Alerts from the command line while a worker delivers them: what comes next, the details, and what stops repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio.client import Client

import starter
from relance.domain.channels.chat_message import ChatMessage
from tests.cli.desk import desk, page, stored
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

KEY = "default-lp/0.8.376"
PATIENCE = 200


async def inbox(terminal: Terminal, wanted: Callable[[list[ChatMessage]], bool]) -> list[ChatMessage]:
    """Return the chat's messages as soon as they are as wanted, or as they are in the end."""
    async with starter.database(stored(terminal)) as database:
        for _ in range(PATIENCE):
            found = list((await database.chat_messages.page()).items)
            if wanted(found):
                break
            await asyncio.sleep(0.1)
    return found


def until(terminal: Terminal, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(10):
        said = terminal.json("alerts", "show", KEY)
        if wanted(said):
            break
    return said


async def test_an_alert_tells_its_next_message_and_its_details_and_is_quiet_once_acknowledged(
    terminal: Terminal, client: Client, worker: WorkerProcess
) -> None:
    assert worker.server.running
    async with desk(terminal, client) as (ours, _):
        await ours.fire([page("0.8.376"), page("0.9.376")])
    [told] = await inbox(terminal, lambda found: len(found) == 1)
    assert "63 clicks" in told.plain

    said = until(terminal, lambda said: KEY in said["next"])
    assert said["next"][KEY]["telling"] == "repeat"
    [delivery] = said["deliveries"]["default-lp"]
    assert (delivery["alerts"], delivery["outcomes"]) == (2, {"inbox": "delivered"})
    shown = terminal.run("alerts", "show", KEY).out
    for part in ("next message", "repeat", "Messages of default-lp", "delivered"):
        assert part in shown, part

    assert terminal.json("alerts", "show", KEY, "--post")["posted"] == [KEY]
    _, details = await inbox(terminal, lambda found: len(found) == 2)
    assert "starter.py alerts ack" in details.plain

    terminal.json("alerts", "ack", KEY, "--by", "dora")
    said = until(terminal, lambda said: KEY not in said["next"])
    assert KEY not in said["next"]
    assert said["alerts"][0]["state"] == "acknowledged"
    assert [entry["event"] for entry in said["alerts"][0]["history"]] == ["opened", "sent", "acknowledged"]

    async with desk(terminal, client) as (ours, _):
        await ours.fire([page("0.8.376")])
    said = until(terminal, lambda said: len(said["alerts"][0]["history"]) > 4)
    assert [entry["detail"] for entry in said["alerts"][0]["history"]][-1] == "acknowledged"
    assert terminal.run("alerts", "list").out.count("acknowledged by dora") == 1
