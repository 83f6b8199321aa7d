"""The embedded mailbox as a relay log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiosmtplib
import pytest

from relance.adapters.relay_log.mailbox import AT_ONCE, MailboxLog
from relance.adapters.relay_log.opening import opened_relay_log
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Drop, SmtpStage
from relance.errors import DependencyUnavailable, InvalidInput
from relance.ports import Knowledge
from relance.settings.relay_log import RelayLogGroup
from tests.adapters.relay_log.logs import LAG, START, mine


@pytest.fixture
async def log(mailbox: Mailbox) -> AsyncIterator[MailboxLog]:
    async with MailboxLog(mailbox.url, LAG) as opened:
        yield opened


async def send(smtp: tuple[str, int], number: int) -> None:
    message = f"Message-ID: {mine(number)}\r\nSubject: x\r\n\r\nx\r\n"
    async with aiosmtplib.SMTP(hostname=smtp[0], port=smtp[1], start_tls=False) as client:
        await client.sendmail("a@x.example", ["b@x.example"], message)


async def test_a_mail_is_found_by_its_message_id_also_if_its_sender_never_heard_of_it(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int], log: MailboxLog
) -> None:
    await mailbox.add_rule(Drop(stage=SmtpStage.END_OF_DATA, stored=True, times=1))
    with pytest.raises(aiosmtplib.SMTPException):
        await send(mailbox_smtp, 1)
    await send(mailbox_smtp, 2)
    await send(mailbox_smtp, 2)
    kept = await mailbox.log()
    found = await log.find([mine(number) for number in (1, 2, 3)], START)
    assert [record.knowledge for record in found.values()] == [Knowledge.ACCEPTED, Knowledge.ACCEPTED, Knowledge.ABSENT]
    assert found[mine(2)].at == kept[1].time, "the first copy counts"
    assert [one.n for one in await mailbox.find([mine(1)])] == [kept[0].n]


async def test_a_mailbox_that_was_cleared_has_nothing(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int], log: MailboxLog
) -> None:
    await send(mailbox_smtp, 1)
    await mailbox.clear()
    assert (await log.find([mine(1)], START))[mine(1)].knowledge is Knowledge.ABSENT


async def test_any_number_of_mails_is_asked_about_in_one_look(
    mailbox: Mailbox, mailbox_smtp: tuple[str, int], log: MailboxLog
) -> None:
    await send(mailbox_smtp, 0)
    many = [mine(number) for number in range(AT_ONCE + 5, -1, -1)]
    found = await log.find(many, START)
    assert len(found) == AT_ONCE + 6
    assert [one for one, record in found.items() if record.knowledge is Knowledge.ACCEPTED] == [mine(0)]
    with pytest.raises(InvalidInput):
        await mailbox.find(many)


async def test_a_mailbox_that_does_not_answer_is_trouble_and_no_answer() -> None:
    async with MailboxLog("http://127.0.0.1:9", LAG) as log:
        with pytest.raises(DependencyUnavailable):
            await log.find([mine(1)], START)


async def test_the_settings_say_which_log_is_asked(mailbox: Mailbox) -> None:
    async with opened_relay_log(RelayLogGroup()) as log:
        assert log is None
    settings = RelayLogGroup.model_validate(
        {"kind": "mailbox", "mailbox_url": mailbox.url, "wait": timedelta(seconds=2)}
    )
    async with opened_relay_log(settings) as log:
        assert isinstance(log, MailboxLog)
        assert log.lag == timedelta(seconds=2)


@pytest.mark.parametrize(("kind", "missing"), [("mailbox", "mailbox_url"), ("postfix", "postfix_log")])
def test_a_kind_without_its_place_is_refused(kind: str, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        RelayLogGroup.model_validate({"kind": kind})
