"""Whether the intake's listener greets: against a real mail server, a silent one, another protocol, and nobody."""

from __future__ import annotations

import asyncio

import pytest

from relance.adapters import intake_greeting
from relance.adapters.intake_greeting import greet_intake
from relance.devstack.processes import free_port
from relance.errors import DependencyUnavailable
from tests.support.smtp_relay import Relay


async def test_a_mail_server_greets() -> None:
    relay = Relay()
    async with await relay.start():
        assert "relay.example" in await greet_intake("127.0.0.1", relay.port)
        relay.hang_up()


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n", b"x" * 5_000, b"", None])
async def test_anything_else_does_not(said: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_greeting, "TIMEOUT", 0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is not None:
            writer.write(said)
        else:
            await reader.read()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        with pytest.raises(DependencyUnavailable):
            await greet_intake("127.0.0.1", port)
    with pytest.raises(DependencyUnavailable):
        await greet_intake("127.0.0.1", free_port())
