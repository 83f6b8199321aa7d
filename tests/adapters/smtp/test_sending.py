from __future__ import annotations

import email
from email.policy import default

import pytest

from relance.errors import MailRefused
from tests.adapters.smtp.conftest import Connect, Start, a_letter
from tests.support.smtp_relay import Relay


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_letter_arrives_byte_for_byte_under_a_bounce_address_of_its_own(
    start: Start, connect: Connect, pipelining: bool
) -> None:
    relay = await start(pipelining=pipelining)
    async with connect(relay).lane() as lane:
        await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    first, second = relay.mails
    assert (first.recipient, second.recipient) == ("c1@mail.example", "c2@mail.example")
    assert first.sender.startswith("bounce+")
    assert first.sender.endswith("@bounces.form-a-friend.example")
    assert first.sender != second.sender
    assert email.message_from_bytes(first.content, policy=default)["Message-ID"] == a_letter(1).message_id
    assert first.connection == second.connection


async def test_delivery_reports_are_asked_for_where_the_relay_offers_them(start: Start, connect: Connect) -> None:
    relay = await start(dsn=True)
    async with connect(relay).lane() as lane:
        await lane.send(a_letter())
    assert "RET=HDRS" in relay.commands
    assert "NOTIFY=FAILURE,DELAY" in relay.commands
    envelope_id = next(word for word in relay.commands if word.startswith("ENVID="))
    assert f"bounce+{envelope_id[6:]}@" in relay.mails[0].sender


async def test_a_domain_outside_ascii_travels_as_a_labels(relay: Relay, connect: Connect) -> None:
    async with connect(relay).lane() as lane:
        await lane.send(a_letter(to="zoe@bücher.example"))
    assert relay.mails[0].recipient == "zoe@xn--bcher-kva.example"


async def test_a_local_part_outside_ascii_needs_smtputf8(start: Start, connect: Connect) -> None:
    without, offering = await start(), await start(smtputf8=True)
    async with connect(without).lane() as lane:
        with pytest.raises(MailRefused) as refused:
            await lane.send(a_letter(to="zoé@mail.example"))
        await lane.send(a_letter(2))
    assert (refused.value.code, refused.value.stage) == (553, "rcpt")
    assert len(without.mails) == 1
    async with connect(offering).lane() as lane:
        await lane.send(a_letter(to="zoé@mail.example"))
    assert offering.mails[0].recipient == "zoé@mail.example"
    assert "SMTPUTF8" in offering.mails[0].options
