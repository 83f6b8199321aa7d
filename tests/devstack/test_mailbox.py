"""What the mailbox keeps, counts and shows."""

from __future__ import annotations

import asyncio
import os
import signal
from email.message import EmailMessage
from pathlib import Path
from typing import TypeAlias

import aiosmtplib
import httpx
import psutil
import pytest

from relance.devstack import mailbox_server
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.store import MailboxStore
from relance.errors import NotFound

Address: TypeAlias = tuple[str, int]


def _client(smtp: Address) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname=smtp[0], port=smtp[1], use_tls=False, start_tls=False)


def _mail(n: int, subject: str = "Été à la plage") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Form-a-Friend <bonjour@app.example>"
    mail["To"] = f"u{n}@mail.example"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{n}@app.example>"
    mail.set_content("Bonjour Zoë\n.\n..deux points\n")
    mail.add_alternative("<p>Bonjour <b>Zoë</b></p><script>alert(1)</script>", subtype="html")
    return mail


async def _send(smtp: Address, count: int) -> None:
    async with _client(smtp) as client:
        for n in range(1, count + 1):
            await client.send_message(_mail(n))


async def test_a_mail_is_kept_with_its_envelope_and_can_be_read_parsed(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    await _send(mailbox_smtp, 1)
    (listed,) = await mailbox.messages()
    mail = await mailbox.message(listed.n)
    assert (mail.sender, mail.to, mail.message_id) == ("bonjour@app.example", ("u1@mail.example",), "<1@app.example>")
    assert (mail.subject, mail.header("to")) == ("Été à la plage", "u1@mail.example")
    assert mail.text is not None
    assert mail.text.replace("\r\n", "\n") == "Bonjour Zoë\n.\n..deux points\n"
    assert mail.html is not None
    assert "<b>Zoë</b>" in mail.html
    assert mail.time.tzinfo is not None


@pytest.mark.parametrize(
    "body",
    [b"", b".\r\n", b"..\r\n.a\r\n", b"a\r\n", b"\r\n", b"ends with a dot.\r\nand goes on.\r\n", b"\r\n.\r\n\r\n"],
)
async def test_the_bytes_are_kept_exactly(body: bytes, mailbox: Mailbox, mailbox_smtp: Address) -> None:
    raw = b"Message-ID: <x@app.example>\r\n\r\n" + body
    async with _client(mailbox_smtp) as client:
        await client.sendmail("a@app.example", ["b@mail.example"], raw)
    (listed,) = await mailbox.messages()
    assert await mailbox.raw(listed.n) == raw


async def test_a_line_longer_than_the_standard_allows_is_refused(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    async with _client(mailbox_smtp) as client:
        await client.sendmail("a@app.example", ["b@mail.example"], b"\r\n" + b"x" * 998 + b"\r\n")
        with pytest.raises(aiosmtplib.SMTPDataError):
            await client.sendmail("a@app.example", ["b@mail.example"], b"\r\n" + b"x" * 999 + b"\r\n")
    assert (await mailbox.stats()).total == 1


async def test_listing_pages_without_gap_or_overlap(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    await _send(mailbox_smtp, 7)
    first = await mailbox.messages(limit=3)
    rest = await mailbox.messages(after=first[-1].n)
    assert [one.message_id for one in [*first, *rest]] == [f"<{n}@app.example>" for n in range(1, 8)]
    assert [one.n async for one in mailbox.all_messages()] == [one.n for one in [*first, *rest]]
    with pytest.raises(NotFound):
        await mailbox.message(rest[-1].n + 1)


async def test_connections_are_numbered_and_counted(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    before = (await mailbox.stats()).connections
    await asyncio.gather(_send(mailbox_smtp, 20), _send(mailbox_smtp, 20))
    await _send(mailbox_smtp, 1)
    stats = await mailbox.stats()
    assert stats.connections == before + 3
    assert stats.max_simultaneous >= 2
    assert (stats.total, stats.deliveries, stats.duplicates) == (41, 41, 21)
    assert {one.to: one.count for one in stats.repeated} == {"u1@mail.example": 3} | {
        f"u{n}@mail.example": 2 for n in range(2, 21)
    }
    assert len({one.connection for one in await mailbox.log()}) == 3


async def test_mails_and_log_survive_a_kill_of_the_mailbox(tmp_path: Path) -> None:
    first = await mailbox_server.start(tmp_path)
    await _send(first.smtp, 3)
    os.kill(psutil.Process(first.server.guard_pid).children()[0].pid, signal.SIGKILL)
    await first.stop()
    again = await mailbox_server.start(tmp_path)
    await _send(again.smtp, 1)
    async with Mailbox(again.http) as mailbox:
        assert [(one.n, one.message_id) for one in await mailbox.log()] == [
            *((n, f"<{n}@app.example>") for n in (1, 2, 3)),
            (4, "<1@app.example>"),
        ]
        assert (await mailbox.message(2)).header("message-id") == "<2@app.example>"
        assert len({one.connection for one in await mailbox.log()}) == 2
    await again.stop()


def test_a_torn_last_line_of_the_log_costs_that_mail_only(tmp_path: Path) -> None:
    store = MailboxStore(tmp_path)
    for n in (1, 2):
        store.append(1, "a@app.example", ["b@mail.example"], b"Message-ID: <%d@x>\r\n\r\nbody %d" % (n, n))
    store.close()
    os.truncate(store.log_path, store.log_path.stat().st_size - 5)
    store = MailboxStore(tmp_path)
    store.append(2, "a@app.example", ["b@mail.example"], b"Message-ID: <3@x>\r\n\r\nbody 3")
    store.close()
    store = MailboxStore(tmp_path)
    assert [(one.n, store.raw(one)[-6:]) for one in store.page(0, 10)] == [(1, b"body 1"), (2, b"body 3")]
    store.close()


async def test_the_page_for_people_shows_mails_and_runs_no_script(mailbox: Mailbox, mailbox_smtp: Address) -> None:
    async with _client(mailbox_smtp) as client:
        await client.send_message(_mail(1, subject="<script>alert(2)</script>"))
    (listed,) = await mailbox.messages()
    async with httpx.AsyncClient(base_url=mailbox.url, trust_env=False) as browser:
        page = await browser.get("/")
        assert "&lt;script&gt;alert(2)" in page.text
        view = await browser.get(f"/view/{listed.n}")
        assert f'<iframe sandbox="" title="HTML" src="/messages/{listed.n}/html">' in view.text
        frame = await browser.get(f"/messages/{listed.n}/html")
        assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        for answer in (page, view):
            assert "<script" not in answer.text
            assert "script-src" not in answer.headers["content-security-policy"]
        foreign = await browser.get("/", headers={"host": "attacker.example"})
        assert foreign.status_code == 400
