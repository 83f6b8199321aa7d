"""Two worker processes: a provider that tells one of them to wait gets nothing from the other either (SPEC X3)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from tests.end_to_end.test_error_gate import OPTIONS, SMALL_CANARY, processes_of_canary, shared_by
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

USERS, CONTACTS = 20, 5
NEXT_PERIOD = "2026-12"
TWO_HOURS = Refuse(stage=SmtpStage.RCPT, code=421, text="4.7.0 [TSS04] deferred", times=1)


async def all_put_off(installation: Installation, period: str, mails: int) -> None:
    """Wait until so many mails were tried, or put off without a try."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while True:
            entries = (await installation.entries(period)).values()
            assert not [one for one in entries if one.sent_at is not None]
            if len([one for one in entries if one.retry_at is not None]) == mails:
                return
            await asyncio.sleep(0.1)


async def rests(installation: Installation) -> list[tuple[str, float]]:
    """Return the rests that worker processes tell of: provider and seconds."""
    alive = await installation.database.workers.alive(datetime.now(UTC) - timedelta(minutes=1))
    return [(rest.provider, rest.left) for one in alive for rest in one.rests]


@pytest.mark.slow
async def test_a_provider_that_tells_one_process_to_wait_is_left_alone_by_both(
    installation: Installation, mailbox: Mailbox
) -> None:
    users, contacts = people(USERS, CONTACTS)
    await installation.load(users[:1], contacts[:1])
    await installation.start_worker(processes=2, environment={**SMALL_CANARY, "RELANCE_HEALTH__REPORT_EVERY": "PT0.2S"})
    await shared_by(installation, 2)
    await mailbox.add_rule(TWO_HOURS)
    await installation.start_cycle(PERIOD, OPTIONS)
    await all_put_off(installation, PERIOD, 1)
    async with asyncio.timeout(PATIENCE_S):
        while not (told := await rests(installation)):
            await asyncio.sleep(0.05)
    [(provider, seconds)] = told
    assert provider == "people.example"
    assert 7000 < seconds <= 7200
    await shared_by(installation, 2)
    await installation.load(users[1:], contacts[1:])
    seen: set[str] = set()
    looking = asyncio.create_task(processes_of_canary(installation, seen))
    await installation.start_cycle(NEXT_PERIOD, OPTIONS)
    await all_put_off(installation, NEXT_PERIOD, len(contacts))
    looking.cancel()
    # Both had mails to send, and the provider takes them again: only what it has said to one of them holds them back.
    assert len(seen) == 2
    assert await mailbox.log() == []
