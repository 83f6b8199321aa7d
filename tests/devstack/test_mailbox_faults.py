"""Every fault at every stage, seen by a real SMTP client."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TypeAlias

import aiosmtplib
import pytest

from relance.devstack import mailbox_server
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Drop, Greylist, Refuse, SmtpStage
from relance.errors import InvalidInput
from tests.support.smtp_relay import CERTIFICATE

Address: TypeAlias = tuple[str, int]
RAW = b"From: a@app.example\r\nTo: b@mail.example\r\nMessage-ID: <1@app.example>\r\nSubject: Hi\r\n\r\nHello\r\n"

REPLY_ERRORS: dict[SmtpStage, type[aiosmtplib.SMTPException]] = {
    SmtpStage.CONNECT: aiosmtplib.SMTPConnectResponseError,
    SmtpStage.EHLO: aiosmtplib.SMTPHeloError,
    SmtpStage.MAIL: aiosmtplib.SMTPSenderRefused,
    SmtpStage.RCPT: aiosmtplib.SMTPRecipientsRefused,
    SmtpStage.DATA: aiosmtplib.SMTPDataError,
    SmtpStage.END_OF_DATA: aiosmtplib.SMTPDataError,
}
IN_CLEAR = [*REPLY_ERRORS, SmtpStage.BODY]


def _client(smtp: Address, patience: float = 10.0) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname=smtp[0], port=smtp[1], timeout=patience, use_tls=False, start_tls=False)


async def _send(smtp: Address, *recipients: str, patience: float = 10.0) -> None:
    async with _client(smtp, patience) as client:
        await client.sendmail("bounce+1@app.example", list(recipients) or ["b@mail.example"], RAW)


def _code(error: aiosmtplib.SMTPException) -> int:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return error.recipients[0].code
    assert isinstance(error, aiosmtplib.SMTPResponseException)
    return error.code


@pytest.mark.parametrize("code", [451, 554])
@pytest.mark.parametrize("stage", list(REPLY_ERRORS))
async def test_a_refusal_reaches_the_client_at_its_stage(
    stage: SmtpStage, code: int, mailbox: Mailbox, mailbox_smtp: Address
) -> None:
    await mailbox.add_rule(Refuse(stage=stage, code=code, text="5.0.0 on demand", times=2))
    # aiosmtplib tries HELO after a refused EHLO, so two refusals are needed there.
    with pytest.raises(REPLY_ERRORS[stage]) as caught:
        await _send(mailbox_smtp)
    assert _code(caught.value) == code
    assert (await mailbox.stats()).total == 0


@pytest.mark.parametrize("stage", IN_CLEAR)
async def test_a_dropped_connection_is_noticed_at_its_stage_and_keeps_nothing(
    stage: SmtpStage, mailbox: Mailbox, mailbox_smtp: Address
) -> None:
    await mailbox.add_rule(Drop(stage=stage, times=1))
    with pytest.raises((aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError)):
        await _send(mailbox_smtp)
    stats = await mailbox.stats()
    assert (stats.total, stats.open_connections) == (0, 0)
    await _send(mailbox_smtp)
    assert (await mailbox.stats()).total == 1


@pytest.mark.parametrize("stage", [SmtpStage.STARTTLS, SmtpStage.AUTH])
async def test_a_mailbox_with_a_certificate_encrypts_asks_for_a_password_and_fails_at_both(
    stage: SmtpStage, tmp_path: Path
) -> None:
    server = await mailbox_server.start(tmp_path, certificate=CERTIFICATE)
    host, port = server.smtp
    try:
        async with Mailbox(server.http) as mailbox:
            await mailbox.add_rule(Drop(stage=stage, times=1))
            for dropped in (True, False):
                client = aiosmtplib.SMTP(hostname=host, port=port, timeout=10, start_tls=True, validate_certs=False)
                with pytest.raises(aiosmtplib.SMTPException) if dropped else nullcontext():
                    async with client:
                        await client.login("anybody", "any password")
                        await client.sendmail("bounce@app.example", ["b@mail.example"], RAW)
                assert (await mailbox.stats()).total == int(not dropped)
            stats = await mailbox.stats()
            assert (stats.connections, stats.open_connections) == (2, 0)
    finally:
        await server.stop()


async def test_a_drop_after_the_data_can_keep_the_mail(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    await mailbox.add_rule(Drop(stage=SmtpStage.END_OF_DATA, stored=True, times=1))
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await _send(mailbox_smtp)
    await _send(mailbox_smtp)
    stats = await mailbox.stats()
    assert (stats.total, stats.duplicates) == (2, 1)
    assert [(one.to, one.message_id, one.count) for one in stats.repeated] == [("b@mail.example", "<1@app.example>", 2)]


@pytest.mark.parametrize("stage", IN_CLEAR)
async def test_a_delay_is_felt_and_then_the_mail_is_accepted(
    stage: SmtpStage, mailbox: Mailbox, mailbox_smtp: Address
) -> None:
    await mailbox.add_rule(Delay(stage=stage, seconds=0.3))
    begun = time.monotonic()
    await _send(mailbox_smtp)
    assert time.monotonic() - begun >= 0.3
    assert (await mailbox.stats()).total == 1


@pytest.mark.parametrize("stored", [True, False])
async def test_a_client_that_gives_up_during_a_delayed_reply_may_or_may_not_have_sent(
    stored: bool, mailbox: Mailbox, mailbox_smtp: Address
) -> None:
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=1.0, stored=stored, times=1))
    with pytest.raises(aiosmtplib.SMTPTimeoutError):
        await _send(mailbox_smtp, patience=0.3)
    await asyncio.sleep(1.0)
    assert (await mailbox.stats()).total == int(stored)


async def test_421_closes_the_connection(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    await mailbox.add_rule(Refuse(stage=SmtpStage.MAIL, code=421, text="4.3.2 shutting down", times=1))
    client = _client(mailbox_smtp)
    await client.connect()
    with pytest.raises(aiosmtplib.SMTPException):
        await client.sendmail("bounce@app.example", ["b@mail.example"], RAW)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await client.noop()
    client.close()


async def test_greylisting_refuses_the_first_attempts_of_each_recipient(
    mailbox: Mailbox, mailbox_smtp: Address
) -> None:
    await mailbox.add_rule(Greylist(recipient="*@grey.example", attempts=2))
    for _ in range(2):
        for name in ("x", "y"):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
                await _send(mailbox_smtp, f"{name}@Grey.example")
            assert caught.value.recipients[0].code == 450
            assert caught.value.recipients[0].message.startswith("4.7.1")
    await _send(mailbox_smtp, "x@grey.example", "other@mail.example")
    assert [one.to for one in await mailbox.log()] == [("x@grey.example", "other@mail.example")]


async def test_a_rule_touches_only_its_recipients_and_only_so_often(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    number = await mailbox.add_rule(
        Refuse(stage=SmtpStage.RCPT, recipient="gone*@*", code=550, text="5.1.1 no such user", times=1)
    )
    await _send(mailbox_smtp, "here@mail.example")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await _send(mailbox_smtp, "gone7@mail.example")
    await _send(mailbox_smtp, "gone7@mail.example")
    assert (await mailbox.rules())[0] | {"rule": number, "applied": 1} == (await mailbox.rules())[0]


async def test_a_rule_that_makes_no_sense_is_refused(mailbox: Mailbox) -> None:
    wrong = Refuse.model_construct(stage=SmtpStage.CONNECT, recipient="x@y.example", code=450, text="no", times=None)
    with pytest.raises(InvalidInput, match="the recipient is not known yet"):
        await mailbox.add_rule(wrong)
