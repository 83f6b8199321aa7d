"""How people of the demo answer: as in the world, over HTTP, by one click and by a delivery report (SPEC G1 to G3)."""

from __future__ import annotations

import asyncio
import smtplib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from relance.adapters.event_api import EventApi
from relance.cli.base.resources import Repositories
from relance.cli.dev.embedded import Embedded
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.models import CaughtMail
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation
from relance.errors import DependencyUnavailable, NotFound

EVENTS, CLICKS, REPORTS = "events_over_http", "one_click", "bounce_reports"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
REPORT = """\
From: MAILER-DAEMON@mx.example
To: {sender}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="of-the-report"

--of-the-report
Content-Type: text/plain; charset=utf-8

The mail to {recipient} could not be delivered: there is no such mailbox.

--of-the-report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--of-the-report
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: {subject}

--of-the-report--
"""
HEARD_S, LOOK_EVERY_S, ANSWER_S = 30.0, 0.05, 15.0


@dataclass(slots=True)
class Answers:
    """The three ways in; each counts what was taken."""

    place: Embedded
    database: Repositories
    counts: Counter[str] = field(default_factory=Counter)

    async def submit(self, entries: Sequence[Invitation]) -> None:
        """Say that contacts have answered, as the web application does: signed, in one request."""
        if not entries:
            return
        async with EventApi.of(self.place.settings.gateway) as api:
            events = [{"event": EventKind.SUBMITTED, "invitationId": entry.id} for entry in entries]
            answers = await api.send(events)
        self.counts[EVENTS] += sum(answer["answer"] == "taken" for answer in answers)
        await self._heard()

    async def unsubscribe(self, entry: Invitation) -> None:
        """Click what a mail program offers beside the sender's name: a POST to the link in the mail (RFC 8058)."""
        mail = await self._mail(entry)
        links = [address.strip(" <>") for address in (mail.header("List-Unsubscribe") or "").split(",")]
        link = next(address for address in links if address.startswith("http"))
        async with httpx.AsyncClient(timeout=ANSWER_S, trust_env=False) as http:
            answer = await http.post(link, data=ONE_CLICK)
        if answer.status_code != httpx.codes.OK:
            raise DependencyUnavailable("gateway", f"one click was answered with {answer.status_code}")
        self.counts[CLICKS] += 1
        await self._heard()

    async def bounce(self, entry: Invitation) -> None:
        """Hand in what a mail server writes when a mailbox does not exist (RFC 3464)."""
        mail = await self._mail(entry)
        report = delivery_report(mail)
        intake = self.place.settings.intake
        await asyncio.to_thread(_hand_in, intake.host, intake.port or 0, mail.sender, report)
        self.counts[REPORTS] += 1
        await self._heard()

    async def _mail(self, entry: Invitation) -> CaughtMail:
        async with Mailbox(self.place.stack.mailbox_http) as mailbox:
            found = await mailbox.find([entry.message_id or ""])
            if not found:
                raise NotFound(f"there is no mail of {entry.id}")
            return await mailbox.message(found[0].n)

    async def _heard(self) -> None:
        """Wait until the follow-ups have been notified, so that time moves on only then."""
        async with asyncio.timeout(HEARD_S):
            while (await self.database.outbox.lag()).waiting:  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(LOOK_EVERY_S)


def delivery_report(mail: CaughtMail) -> bytes:
    """Return a report that the recipient of a mail does not exist."""
    [recipient] = mail.to
    return REPORT.format(
        sender=mail.sender, recipient=recipient, message_id=mail.message_id, subject=mail.subject
    ).encode()


def _hand_in(host: str, port: int, recipient: str, report: bytes) -> None:
    try:
        with smtplib.LMTP(host, port, timeout=ANSWER_S) as intake:
            intake.sendmail("", [recipient], report)
    except (OSError, smtplib.SMTPException) as error:
        raise DependencyUnavailable("mail intake", f"a report was not taken ({type(error).__name__})") from None
