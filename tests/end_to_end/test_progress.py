"""Progress within a batch: a cycle of one batch is not silent until its end (SPEC C12)."""

from __future__ import annotations

import asyncio

import pytest

from relance import ids
from relance.contracts.cycle import CycleProgress, MailCounts, WaveResult
from relance.contracts.names import Query
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.temporal.progress import live_progress
from relance.temporal.queries import unless_silent
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


@pytest.mark.slow
async def test_the_queries_of_a_wave_and_its_cycle_know_of_a_batch_under_way(
    installation: Installation, mailbox: Mailbox
) -> None:
    # Four connections: eight rounds of a second each.
    await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=1))
    await installation.load(*people(USERS, CONTACTS))
    await installation.start_worker()
    cycle = await installation.start_cycle(PERIOD)
    ended = asyncio.create_task(cycle.result())
    while not (waves := (await cycle.query(Query.PROGRESS, result_type=CycleProgress)).current_waves):
        await asyncio.sleep(0.1)
    wave = installation.client.get_workflow_handle(ids.wave_workflow_id(PERIOD, waves[0]))
    of_wave: list[WaveResult] = []
    of_cycle: list[CycleProgress] = []
    while not ended.done():
        # The cycle names it a moment before it exists.
        if (answer := await unless_silent(wave.query(Query.PROGRESS, result_type=WaveResult))) is not None:
            of_wave.append(answer)
        of_cycle.append(await cycle.query(Query.PROGRESS, result_type=CycleProgress))
        await asyncio.sleep(0.1)
    for under_way in (
        [answer.under_way.sent for answer in of_wave if not answer.batches],
        [answer.under_way.sent for answer in of_cycle if not answer.waves_done],
    ):
        assert under_way == sorted(under_way)
        assert len({count for count in under_way if 0 < count < USERS * CONTACTS}) >= 2, under_way
    for last in (
        await wave.query(Query.PROGRESS, result_type=WaveResult),
        await cycle.query(Query.PROGRESS, result_type=CycleProgress),
    ):
        assert (last.counts.sent, last.under_way) == (USERS * CONTACTS, MailCounts())
