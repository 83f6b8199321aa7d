"""The listener over real connections: what it takes, what it leaves to the mail server, what it refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from relance.devstack.processes import free_port
from relance.domain.intake import MessageEnvelope
from relance.errors import DependencyUnavailable, SettingsError
from relance.gateway.intake.handler import IntakeHandler
from relance.gateway.intake.protocol import LONGEST_LINE
from relance.gateway.intake.server import serving_intake
from relance.settings.intake import Intake, ListenerProtocol
from tests.support.lmtp import conversation

DOMAIN = "bounces.example"
BOUNCE = f"bounce+abcdefgh@{DOMAIN}"
RAW = b"Subject: x\r\n\r\n.body\r\n..\r\nend"


@dataclass
class Taker:
    """Remembers messages; `failing` is raised instead."""

    taken: list[tuple[bytes, MessageEnvelope]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failing: Exception | None = None
    going_on: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.going_on.set()

    async def take(self, raw: bytes, envelope: MessageEnvelope) -> None:
        self.begun.set()
        await self.going_on.wait()
        if self.failing is not None:
            raise self.failing
        self.taken.append((raw, envelope))


@asynccontextmanager
async def listener(taker: Taker, **settings: object) -> AsyncIterator[int]:
    intake = Intake.model_validate({"port": free_port(), **settings})
    assert intake.port is not None
    handler = IntakeHandler(taker.take, frozenset({DOMAIN}), taker.refused.append)
    async with serving_intake(intake, handler):
        yield intake.port


async def test_a_report_with_the_empty_sender_is_taken_as_it_is() -> None:
    taker = Taker()
    async with listener(taker) as port, conversation(port) as talk:
        assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")
        assert (await talk.say("QUIT")).startswith("221")
    assert taker.taken == [(RAW + b"\r\n", MessageEnvelope("", (BOUNCE,)))]


async def test_lmtp_answers_for_each_recipient() -> None:
    taker = Taker()
    other = f"unsubscribe@{DOMAIN}"
    async with listener(taker) as port, conversation(port) as talk:
        answers = await talk.deliver(RAW, [BOUNCE, "someone@elsewhere.example", other], "<a@example.net>")
        assert [one[:3] for one in answers] == ["250", "250"]
        taker.failing = DependencyUnavailable("MongoDB", "away")
        answers = await talk.deliver(RAW, [BOUNCE, other])
        assert [one[:3] for one in answers] == ["451", "451"]
        # The next command is answered, and by one line.
        assert (await talk.say("NOOP")).startswith("250")
    assert [one[1].recipients for one in taker.taken] == [(BOUNCE, other)]
    assert taker.refused == ["recipient", "unavailable"]


@pytest.mark.parametrize("failing", [DependencyUnavailable("MongoDB", "away"), RuntimeError("a fault of ours")])
async def test_what_may_not_be_written_is_left_to_the_mail_server(
    failing: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    taker = Taker(failing=failing)
    async with listener(taker) as port, conversation(port) as talk:
        assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("451 4.3.0")
        taker.failing = None
        assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")
    assert "@" not in caplog.text


async def test_smtp_answers_once_and_greets_by_ehlo() -> None:
    taker = Taker()
    async with listener(taker, protocol=ListenerProtocol.SMTP) as port, conversation(port, "EHLO test") as talk:
        assert (await talk.say("MAIL FROM:<>")).startswith("250")
        assert (await talk.say(f"RCPT TO:<{BOUNCE}>")).startswith("250")
        assert (await talk.say(f"RCPT TO:<x@{DOMAIN}>")).startswith("250")
        assert (await talk.say("DATA")).startswith("354")
        await talk.write(RAW + b"\r\n.\r\n")
        assert (await talk.reply()).startswith("250")
        assert (await talk.say("NOOP")).startswith("250")


async def test_a_message_that_is_too_large_is_refused_for_each_recipient() -> None:
    taker = Taker()
    async with listener(taker, max_bytes=64 * 1024) as port, conversation(port) as talk:
        answers = await talk.deliver(b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 2_000, [BOUNCE, f"x@{DOMAIN}"])
        assert [one[:3] for one in answers] == ["552", "552"]
        assert (await talk.say("MAIL FROM:<> SIZE=1000000")).startswith("552")
        assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")


async def test_lines_longer_than_the_rfc_allows_are_taken() -> None:
    taker = Taker()
    line = b"\xff" * (LONGEST_LINE // 2)
    async with listener(taker) as port, conversation(port) as talk:
        assert (await talk.deliver(line, [BOUNCE]))[0].startswith("250")
    assert taker.taken[0][0] == line + b"\r\n"


async def test_a_silent_connection_is_closed_and_disturbs_nobody() -> None:
    taker = Taker()
    async with listener(taker, idle_timeout=0.3) as port, conversation(port, "") as silent:
        async with conversation(port) as talk:
            assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")
        assert await silent.line() == ""


async def test_a_message_that_takes_its_time_is_no_silence() -> None:
    taker = Taker()
    async with listener(taker, idle_timeout=0.5) as port, conversation(port) as talk:
        await talk.say("MAIL FROM:<>")
        await talk.say(f"RCPT TO:<{BOUNCE}>")
        assert (await talk.say("DATA")).startswith("354")
        for _ in range(12):
            await talk.write(b"a line\r\n")
            await asyncio.sleep(0.1)
        await talk.write(b".\r\n")
        assert (await talk.reply()).startswith("250")


async def test_a_line_without_end_is_cut_off() -> None:
    taker = Taker()
    async with listener(taker, max_bytes=64 * 1024) as port, conversation(port) as talk:
        await talk.say("MAIL FROM:<>")
        await talk.say(f"RCPT TO:<{BOUNCE}>")
        await talk.say("DATA")
        for _ in range(200):
            try:
                await talk.write(b"x" * 64 * 1024)
            except ConnectionError:
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("the line goes on")
    assert taker.taken == []


async def test_a_connection_that_trickles_is_closed() -> None:
    taker = Taker()
    async with listener(taker, idle_timeout=600, connection_timeout=0.5) as port, conversation(port) as talk:
        for _ in range(2_000):
            try:
                if await talk.say("NOOP") == "":
                    break
            except ConnectionError:
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("the connection goes on")


async def test_connections_are_bounded_and_their_places_come_free() -> None:
    taker = Taker()
    async with listener(taker, max_connections=2) as port:
        async with conversation(port), conversation(port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await reader.read()).startswith(b"421 4.3.2")
            writer.close()
        assert taker.refused == ["connections"]
        for _ in range(200):
            try:
                async with conversation(port) as talk:
                    assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")
                break
            except AssertionError:
                # The server has yet to notice that the others have gone.
                await asyncio.sleep(0.05)
    assert len(taker.taken) == 1


async def test_a_message_in_hand_is_finished_when_the_process_stops() -> None:
    taker = Taker()
    taker.going_on.clear()
    async with asyncio.TaskGroup() as group:
        stop = asyncio.Event()

        async def serve() -> None:
            async with listener(taker) as port:
                ports.set_result(port)
                await stop.wait()

        ports: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = group.create_task(serve())
        async with conversation(await ports) as talk:
            delivering = group.create_task(talk.deliver(RAW, [BOUNCE]))
            await taker.begun.wait()
            stop.set()
            await asyncio.sleep(0)
            taker.going_on.set()
            assert (await delivering)[0].startswith("250")
            await serving
    assert len(taker.taken) == 1


async def test_a_client_that_hangs_up_in_the_data_leaves_nothing() -> None:
    taker = Taker()
    async with listener(taker) as port:
        async with conversation(port) as talk:
            await talk.say("MAIL FROM:<>")
            await talk.say(f"RCPT TO:<{BOUNCE}>")
            await talk.say("DATA")
            await talk.write(b"half a mess")
        async with conversation(port) as talk:
            assert (await talk.deliver(RAW, [BOUNCE]))[0].startswith("250")
    assert [one[0] for one in taker.taken] == [RAW + b"\r\n"]


async def test_a_smuggled_end_of_data_is_none() -> None:
    taker = Taker()
    smuggled = b"a\n.\nMAIL FROM:<x@y.example>\nRCPT TO:<z@y.example>\nDATA\nb"
    async with listener(taker) as port, conversation(port) as talk:
        assert (await talk.deliver(smuggled, [BOUNCE]))[0].startswith("250")
    assert [one[0] for one in taker.taken] == [smuggled + b"\r\n"]


async def test_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    taker = Taker()
    async with listener(taker) as port, conversation(port) as talk:
        await talk.deliver(RAW, [BOUNCE, "claire@elsewhere.example"], "<claire@example.net>")
        await talk.say("WRONG claire@example.net")
    assert "claire" not in caplog.text
    assert BOUNCE not in caplog.text


async def test_without_a_port_nothing_listens() -> None:
    async with serving_intake(Intake(), IntakeHandler(Taker().take, frozenset(), lambda _: None)):
        pass


async def test_a_port_that_is_taken_is_named() -> None:
    async with listener(Taker()) as port:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        taken = server.sockets[0].getsockname()[1]
        assert taken != port
        with pytest.raises(SettingsError, match="RELANCE_INTAKE__PORT"):
            async with listener(Taker(), port=taken):
                pass
        server.close()
