"""Progress within a batch: a cycle of one batch is not silent until its end (SPEC C12)."""

from __future__ import annotations

import asyncio

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.temporal.progress import live_progress
from tests.support.installation import Installation
from tests.support.people import PERIOD, people

USERS, CONTACTS = 2, 16


@pytest.mark.slow
async def test_the_mails_of_a_batch_are_counted_while_it_runs(installation: Installation, mailbox: Mailbox) -> None:
    # Four connections: eight rounds of half a second each.
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=0.5))
    await installation.load(*people(USERS, CONTACTS))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    ended = asyncio.create_task(cycle.result())
    seen: list[int] = []
    while not ended.done():
        seen.append((await live_progress(installation.client, PERIOD)).counts.sent)
        await asyncio.sleep(0.1)
    assert (await ended).sent == USERS * CONTACTS
    assert seen == sorted(seen)
    assert len({count for count in seen if 0 < count < USERS * CONTACTS}) >= 4, seen
