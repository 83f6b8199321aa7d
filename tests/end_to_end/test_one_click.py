"""An unsubscribe by one click while a cycle sends: the mailbox gets no further mail (SPEC G2, RFC 8058)."""

from __future__ import annotations

import asyncio
import email
import re
from email.message import EmailMessage
from email.policy import default

import httpx
import pytest

from relance.contracts.cycle import CycleOptions
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

ALICE = "alice@people.example"
USERS = 3
CONTACTS = 40
LATE = CONTACTS - 1
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def _mails_to_alice(mailbox: Mailbox) -> list[EmailMessage]:
    found = [one.n async for one in mailbox.all_messages() if ALICE in one.to]
    return [email.message_from_bytes(await mailbox.raw(n), policy=default) for n in found]


async def _load(installation: Installation) -> None:
    """One mailbox is the first contact of one user and the last one of the others."""
    users, contacts = people(USERS, CONTACTS)
    for contact in contacts:
        if contact["_id"] in {"u0c0", *(f"u{user}c{LATE}" for user in range(1, USERS))}:
            contact["email"] = ALICE
    await installation.load(users, contacts)


def _links(mail: EmailMessage) -> tuple[str, str]:
    https, mailto = re.findall(r"<([^>]+)>", mail["List-Unsubscribe"])
    return https, mailto


@pytest.mark.slow
async def test_after_one_click_no_mail_follows_while_the_cycle_goes_on(
    installation: Installation, mailbox: Mailbox
) -> None:
    await _load(installation)
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=0.3))
    await installation.start_worker(environment={"RELANCE_MAIL__CONNECTIONS": "2"})
    cycle = await installation.start_cycle(PERIOD, CycleOptions())
    async with asyncio.timeout(PATIENCE_S):
        while not (first := await _mails_to_alice(mailbox)):
            await asyncio.sleep(0.05)
    link, mailto = _links(first[0])
    assert first[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"mailto:unsub\+[a-z0-9]{1,56}@bounces\.form-a-friend\.example\?subject=unsubscribe", mailto)

    async with httpx.AsyncClient(trust_env=False, timeout=30) as provider:
        # What a scanner does first changes nothing.
        assert (await provider.get(link)).status_code == 200
        answer = await provider.post(link, files={"List-Unsubscribe": (None, "One-Click")})
        assert (answer.status_code, answer.history) == (200, [])
        text = first[0].get_body(("plain",))
        assert text is not None
        # The footer's visible link is the page of the same address.
        assert link in text.get_content()
        page = await provider.get(link)
    assert "All invitations have stopped" in page.text or "Toutes les invitations" in page.text

    await mailbox.clear_rules()
    statistics = await cycle.result()
    assert len(await _mails_to_alice(mailbox)) == 1
    entries = await installation.entries(PERIOD)
    late = [entries[f"{PERIOD}.u{user}.u{user}c{LATE}"] for user in range(1, USERS)]
    assert {(one.status, one.reason) for one in late} == {("skipped", "suppressed")}
    assert statistics.sent == USERS * CONTACTS - (USERS - 1)
