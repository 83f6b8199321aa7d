"""The wire itself: replies in any pieces, dots doubled, and what is known when a long mail is cut off."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from aiosmtplib.protocol import PERIOD_REGEX
from hypothesis import given, settings
from hypothesis import strategies as st

from relance.adapters.smtp.opening import Opener
from relance.adapters.smtp.protocol import Dialogue, RelayLostError, Reply
from relance.adapters.smtp.session import Envelope, transparent
from relance.errors import DependencyUnavailable, MailUncertain
from relance.settings.mail import MailGroup
from tests.support.smtp_relay import DROP, Relay

WIRE = b"250-first\r\n250 second\r\n354 go on\n550 5.1.1 no\r\n250\r\n"
REPLIES = [Reply(250, "first\nsecond"), Reply(354, "go on"), Reply(550, "5.1.1 no"), Reply(250, "")]


class _Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


@settings(deadline=None)
@given(st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_replies_are_the_same_however_the_network_cuts_them(cuts: list[int]) -> None:
    async def read() -> list[Reply]:
        dialogue = Dialogue(_Wire())
        dialogue.write(b"", replies=4)
        edges = [0, *sorted(cuts), len(WIRE)]
        for start, end in itertools.pairwise(edges):
            dialogue.data_received(WIRE[start:end])
        return [await dialogue.reply(1) for _ in REPLIES]

    assert asyncio.run(read()) == REPLIES


@pytest.mark.parametrize("nonsense", [b"hello\r\n", b"99 no\r\n", b"250x\r\n", b"\r\n", b"x" * 70_000])
async def test_a_relay_that_talks_nonsense_is_given_up(nonsense: bytes) -> None:
    dialogue = Dialogue(_Wire())
    dialogue.write(b"MAIL")
    dialogue.data_received(nonsense)
    with pytest.raises(RelayLostError):
        await dialogue.reply(1)
    assert dialogue.lost


async def test_a_reply_nobody_asked_for_ends_the_connection() -> None:
    dialogue = Dialogue(_Wire())
    dialogue.data_received(b"421 4.4.2 idle for too long\r\n")
    with pytest.raises(RelayLostError):
        dialogue.write(b"MAIL")


@settings(deadline=None)
@given(st.lists(st.text(alphabet=".a ", max_size=4), max_size=6))
def test_dots_are_doubled_as_aiosmtplib_does_it(lines: list[str]) -> None:
    message = "".join(f"{line}\r\n" for line in lines).encode()
    assert transparent(message) == PERIOD_REGEX.sub(b"..", message or b"\r\n") + b".\r\n"


def test_a_message_without_a_last_line_end_gets_one() -> None:
    assert transparent(b"..a") == b"...a\r\n.\r\n"


@pytest.mark.parametrize(("size", "outcome"), [(50_000_000, DependencyUnavailable), (1_000, MailUncertain)])
async def test_a_mail_cut_off_is_not_sent_while_its_end_is_here_and_uncertain_once_it_has_left(
    relay: Relay, size: int, outcome: type[Exception]
) -> None:
    relay.faults["body"].append(DROP)
    session = await Opener(MailGroup(port=relay.port)).open()
    with pytest.raises(outcome):
        await session.deliver(Envelope("b@our.example", "c@mail.example", "e"), b"x\r\n" * (size // 3))
    assert session.lost


async def test_the_end_of_a_mail_nobody_reads_never_leaves(relay: Relay) -> None:
    opener = Opener(MailGroup(port=relay.port, data_timeout=0.3))
    session = await opener.open()
    relay.faults["data"].append("354 but I will not read")
    relay.transports[0].pause_reading()
    relay.transports[0].write(b"250 ok\r\n250 ok\r\n354 go on\r\n")
    with pytest.raises(DependencyUnavailable):
        await session.deliver(Envelope("b@our.example", "c@mail.example", "e"), b"x\r\n" * 17_000_000)
    assert not relay.mails
