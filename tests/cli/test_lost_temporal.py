"""Temporal goes away in the middle of a decision: it is stored, and the person hears what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from temporalio.client import Client

import starter
from relance.cli import app
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.temporal.plugin import relance_plugin
from tests.cli.desk import desk, page, stored
from tests.support.terminal import Terminal

KEY = "default-lp/0.8.376"


@asynccontextmanager
async def line_to(address: str) -> AsyncIterator[str]:
    """Yield an address that leads to another one until the block ends; then every connection is cut."""
    writers: list[asyncio.StreamWriter] = []
    host, _, port = address.rpartition(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writers.extend([writer, far_writer])
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield "{}:{}".format(*server.sockets[0].getsockname())
    server.close()
    for writer in writers:
        writer.transport.abort()


async def connected(terminal: Terminal, address: str) -> Client:
    namespace = terminal.environment["TEMPORAL_NAMESPACE"]
    return await Client.connect(address, namespace=namespace, plugins=[relance_plugin()])


async def fire(terminal: Terminal) -> None:
    client = await connected(terminal, terminal.environment["TEMPORAL_ADDRESS"])
    async with desk(terminal, client) as (ours, _):
        await ours.fire([page("0.8.376")])


async def the_open_one(terminal: Terminal) -> AlertRecord:
    async with starter.database(stored(terminal)) as database:
        [alert] = await database.alerts.open()
    return alert


def test_a_decision_that_temporal_did_not_hear_of_is_stored_and_asks_to_be_repeated(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(fire(terminal))

    async def soon_lost() -> Client:
        async with line_to(terminal.environment["TEMPORAL_ADDRESS"]) as address:
            return await connected(terminal, address)

    # In this process, because only a client of our own can lose its connection at the right moment.
    lost = replace(starter.services(), settings=lambda: stored(terminal), temporal=soon_lost)
    code = app.run(lost, ["alerts", "ack", KEY, "--by", "dora", "--json"])
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code, said["dependency"]) == (3, "Temporal")
    assert "the decision is stored" in said["error"]
    assert "run the command again" in said["error"]
    alert = asyncio.run(the_open_one(terminal))
    assert (alert.state, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "dora")
