"""`hard_about_us`: a reply that speaks of us is held against the contact (SPEC X2).

Every reply of the corpus that is about us, as it is and in the clothes in which relays pass replies on; then the
plainest of them on real servers, where each contact must stay what it was.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

from relance.devstack.mailbox.rules import Refuse
from relance.devstack.mailbox.rules import SmtpStage as Moment
from relance.domain.failures import classify_smtp
from tests.domain.failures.corpus import ABOUT_US, Reply, replies, verdict_of
from tests.outside.figure import Case, Figure, Stage
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S

HELD = {"hard", "doubtful"}
PERIOD = "2026-11"
AT_THE_RELAY = {"rcpt": Moment.RCPT, "data": Moment.END_OF_DATA}
TRIED_LIVE = 40
"""Fewer than the canary of the error gate, which would pause the cycle, and rightly."""

CLOTHES = {
    "as it is": "{}",
    "quoted by a relay": "host mx.example.com[192.0.2.7] said: {} (in reply to RCPT TO command)",
    "with a host before": "mx7.example.com {}",
    "in capitals": "{}",
    "with an identifier behind": "{} [a1b2c3 - gsmtp]",
    "on two lines": "{}\nsee https://postmaster.example.com/help",
}


async def cases(stage: Stage) -> list[Case]:
    """Judge every reply in every form, and let a relay give some of them."""
    async with stage.installation() as own:
        return [*judged_all(), *await _live(own, stage)]


def judged_all() -> list[Case]:
    """Judge every reply about us in every form."""
    return [_judged(reply, name, text) for reply in _about_us() for name, text in _dressed(reply.text)]


def _about_us() -> list[Reply]:
    return [one for one in replies() if one.kind in ABOUT_US]


def _dressed(text: str) -> Iterator[tuple[str, str]]:
    for name, form in CLOTHES.items():
        yield name, form.format(text).upper() if name == "in capitals" else form.format(text)


def _judged(reply: Reply, form: str, text: str) -> Case:
    verdict = verdict_of(classify_smtp(reply.code, text, reply.stage)).split()[0]
    name = f"{reply.code} {text[:80]!r} at {reply.stage}, {form}"
    return Case(name, f"it is {verdict}" if verdict in HELD else "")


async def _live(own: Installation, stage: Stage) -> list[Case]:
    """Let the relay refuse each contact, who has a domain of their own, for a reason of ours."""
    plain = [one for one in _about_us() if one.stage in AT_THE_RELAY and one.kind != "stop" and one.code >= 500]
    tried = [one for one in plain if re.fullmatch(r"[\x20-\x7e]{1,400}", one.text)][:TRIED_LIVE]
    contacts = [
        {"_id": f"c{n}", "userId": f"u{n}", "name": "C", "email": f"c{n}@d{n}.example", "status": "active"}
        for n in range(len(tried))
    ]
    users = [
        {"_id": f"u{n}", "name": "U", "email": f"u{n}@users.example", "status": "active"} for n in range(len(tried))
    ]
    await own.load(users, contacts)
    for n, reply in enumerate(tried):
        moment = AT_THE_RELAY[reply.stage]
        await stage.mailbox.add_rule(
            Refuse(stage=moment, code=reply.code, text=reply.text, recipient=f"*@d{n}.example")
        )
    await own.start_worker()
    await own.start_cycle(PERIOD)
    raw = own.database.raw
    async with asyncio.timeout(PATIENCE_S):
        # Each was tried once; some are tried again later, which nobody waits for.
        while await raw.invitations.count_documents({"lastError": {"$ne": None}}) < len(tried):
            await asyncio.sleep(0.1)
    status = {one["_id"]: one["status"] async for one in raw.contacts.find({})}
    entries = {one.contact_id: one for one in (await own.entries(PERIOD)).values()}
    return [
        Case(
            f"live: {reply.code} {reply.text[:80]!r} at {reply.stage}",
            ""
            if status[f"c{n}"] == "active" and entries[f"c{n}"].status != "bounced"
            else f"the contact is {status[f'c{n}']}, the entry {entries[f'c{n}'].status}",
        )
        for n, reply in enumerate(tried)
    ]


FIGURE = Figure("hard_about_us", "E", "replies about us that are held against a contact", cases)
