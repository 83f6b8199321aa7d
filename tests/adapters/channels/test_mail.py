"""What is special about alerts by mail."""

from __future__ import annotations

import pytest

from relance.adapters.channels.mail import AlertMail
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.errors import ChannelRefused, ChannelUnavailable
from relance.rendering.alert_mail import AlertMailWriter
from relance.settings.mail import MailGroup
from tests.support.messages import a_message


async def test_a_message_id_belongs_to_a_key_and_one_connection_serves_many(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int]
) -> None:
    mail = MailGroup(host=mailbox_smtp[0], port=mailbox_smtp[1])
    channel = AlertMail(mail, "desk@mail.example", AlertMailWriter(mail).write)
    for key in ("one", "two", "one"):
        await channel.deliver(a_message(key))
    await channel.close()
    first, second, again = await mailbox.messages()
    assert first.message_id == again.message_id != second.message_id
    assert first.to == ("desk@mail.example",)
    assert len({one.connection for one in (first, second, again)}) == 1


async def test_a_relay_that_is_down_is_unavailable_and_one_that_distrusts_us_refuses(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int]
) -> None:
    down = MailGroup(port=1, connect_timeout=1)
    with pytest.raises(ChannelUnavailable):
        await AlertMail(down, "desk@mail.example", AlertMailWriter(down).write).deliver(a_message())
    mail = MailGroup(host=mailbox_smtp[0], port=mailbox_smtp[1])
    channel = AlertMail(mail, "desk@mail.example", AlertMailWriter(mail).write)
    await mailbox.add_rule(Refuse(stage=SmtpStage.MAIL, code=550, text="5.7.1 sender not allowed", times=1))
    with pytest.raises(ChannelRefused):
        await channel.deliver(a_message())
    await channel.close()
