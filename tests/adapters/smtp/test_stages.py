"""What a fault means depends on where it happens: SPEC X4, `reference/mail.md` D.6 row 8."""

from __future__ import annotations

import asyncio

import pytest

from relance.domain.failures import FailureClass, classify_smtp
from relance.errors import DependencyUnavailable, MailRefused, MailUncertain
from tests.adapters.smtp.conftest import Connect, Start, a_letter
from tests.support.smtp_relay import DROP, SILENCE, Relay


@pytest.mark.parametrize("fault", [DROP, SILENCE])
@pytest.mark.parametrize("stage", ["connect", "ehlo"])
async def test_a_relay_lost_while_connecting_is_unavailable(
    relay: Relay, connect: Connect, stage: str, fault: str
) -> None:
    relay.faults[stage].append(fault)
    mailer = connect(relay, connect_timeout=0.3)
    with pytest.raises(DependencyUnavailable):
        async with mailer.lane():
            pass
    async with mailer.lane() as lane:
        await lane.send(a_letter())
    assert len(relay.mails) == 1


async def test_a_relay_that_nobody_listens_for_is_unavailable(connect: Connect) -> None:
    with pytest.raises(DependencyUnavailable):
        async with connect(Relay(port=1)).lane():
            pass


@pytest.mark.parametrize("fault", [DROP, SILENCE])
@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_a_connection_lost_before_the_data_means_not_sent(
    start: Start, connect: Connect, stage: str, pipelining: bool, fault: str
) -> None:
    relay = await start(pipelining=pipelining)
    relay.faults[stage].append(fault)
    async with connect(relay, command_timeout=0.3).lane() as lane:
        with pytest.raises(DependencyUnavailable):
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert [mail.recipient for mail in relay.mails] == ["c2@mail.example"]


@pytest.mark.parametrize("stage", ["body", "dot"])
async def test_a_connection_lost_after_the_data_was_written_is_uncertain(
    relay: Relay, connect: Connect, stage: str
) -> None:
    relay.faults[stage].append(DROP)
    async with connect(relay).lane() as lane:
        with pytest.raises(MailUncertain):
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert [mail.recipient for mail in relay.mails] == ["c2@mail.example"]


async def test_a_relay_silent_after_the_data_is_uncertain(relay: Relay, connect: Connect) -> None:
    relay.faults["dot"].append(SILENCE)
    async with connect(relay, data_timeout=0.3).lane() as lane:
        with pytest.raises(MailUncertain):
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert relay.connections == 2


@pytest.mark.parametrize("reply", ["450 4.2.1 later", "550 5.1.1 nobody"])
@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
async def test_a_refusal_names_its_stage_and_leaves_the_connection_usable(
    start: Start, connect: Connect, stage: str, pipelining: bool, reply: str
) -> None:
    relay = await start(pipelining=pipelining)
    relay.faults[stage].append(reply)
    async with connect(relay).lane() as lane:
        with pytest.raises(MailRefused) as refused:
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert f"{refused.value.code} {refused.value.text}" == reply
    assert refused.value.stage == {"dot": "data"}.get(stage, stage)
    assert [mail.recipient for mail in relay.mails] == ["c2@mail.example"]
    assert relay.connections == 1
    assert relay.commands.count("rset") == 1


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
async def test_after_421_the_connection_is_replaced(relay: Relay, connect: Connect, stage: str) -> None:
    relay.faults[stage].append("421 4.3.2 shutting down")
    async with connect(relay).lane() as lane:
        with pytest.raises(MailRefused) as refused:
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert refused.value.code == 421
    assert relay.connections == 2


async def test_a_recipient_refused_by_a_relay_that_wants_data_all_the_same_gets_none(
    start: Start, connect: Connect
) -> None:
    relay = await start()
    relay.faults["rcpt"].append("550 5.1.1 nobody")
    relay.faults["data"].append("354 go on")
    async with connect(relay).lane() as lane:
        with pytest.raises(MailRefused) as refused:
            await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert refused.value.stage == "rcpt"
    assert [(mail.recipient, mail.connection) for mail in relay.mails] == [("c2@mail.example", 2)]


@pytest.mark.parametrize("last_words", [b"", b"421 4.4.2 idle for too long\r\n"])
async def test_a_connection_the_relay_closed_between_two_mails_is_replaced_unnoticed(
    relay: Relay, connect: Connect, last_words: bytes
) -> None:
    async with connect(relay).lane() as lane:
        await lane.send(a_letter(1))
        relay.hang_up(last_words)
        await asyncio.sleep(0.05)
        await lane.send(a_letter(2))
    assert [mail.connection for mail in relay.mails] == [1, 2]


async def test_a_connection_closed_at_the_same_moment_as_a_mail_begins_is_replaced_once(
    relay: Relay, connect: Connect
) -> None:
    async with connect(relay).lane() as lane:
        await lane.send(a_letter(1))
        relay.faults["mail"] += [DROP]
        await lane.send(a_letter(2))
        relay.faults["mail"] += [DROP, DROP]
        with pytest.raises(DependencyUnavailable):
            await lane.send(a_letter(3))
    assert len(relay.mails) == 2


async def test_a_relay_that_falls_silent_is_not_asked_twice(relay: Relay, connect: Connect) -> None:
    async with connect(relay, command_timeout=0.3).lane() as lane:
        await lane.send(a_letter(1))
        relay.faults["mail"].append(SILENCE)
        with pytest.raises(DependencyUnavailable):
            await lane.send(a_letter(2))
    assert relay.connections == 1


async def test_a_cancelled_mail_takes_its_connection_with_it(relay: Relay, connect: Connect) -> None:
    relay.faults["rcpt"].append(SILENCE)
    async with connect(relay).lane() as lane:
        sending = asyncio.create_task(lane.send(a_letter(1)))
        while "rcpt" not in relay.commands:
            await asyncio.sleep(0.01)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await lane.send(a_letter(2))
    assert [mail.recipient for mail in relay.mails] == ["c2@mail.example"]


async def test_an_address_the_relay_has_no_means_for_is_classified_unsupported(relay: Relay, connect: Connect) -> None:
    async with connect(relay).lane() as lane:
        with pytest.raises(MailRefused) as refused:
            await lane.send(a_letter(to="zoé@mail.example"))
    failure = classify_smtp(refused.value.code, refused.value.text, refused.value.stage)
    assert failure.class_ is FailureClass.UNSUPPORTED
