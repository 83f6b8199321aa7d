"""From docs/operations.md alone: the embedded stack is backed up, destroyed and restored in the middle of a cycle."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from relance import ids
from relance.contracts.cycle import CycleInput, CycleStatistics
from relance.contracts.names import TaskQueue, Workflow
from relance.devstack import processes
from relance.devstack.mailbox.client import Mailbox
from tests.docs.embedded_stack import Dev, Terminal
from tests.docs.pages import ROOT, blocks
from tests.support.people import people

PERIOD = "2027-01"
USERS, CONTACTS = 40, 6
MAILS = USERS * CONTACTS
SPEED = 12.0
"""Mails a second: the whole cycle takes twenty seconds."""

BEFORE_THE_BACKUP, BEFORE_THE_CRASH = MAILS // 4, MAILS // 2

pytestmark = pytest.mark.slow(70)


@dataclass(frozen=True)
class Manual:
    """The blocks of the section on the embedded stack, in their order."""

    start: str
    back_up: str
    destroy: str
    restore: str
    temporal_alone: str


MANUAL = Manual(*blocks(ROOT / "docs" / "operations.md", "bash", "The embedded stack"))


@pytest.fixture(scope="module")
async def crashed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Terminal]:
    """A home as a crash in the middle of a cycle has left it, some time after a backup."""
    found = Terminal(tmp_path_factory.mktemp("home"), processes.free_port(), SPEED)
    try:
        await interrupted_by_a_backup_and_a_crash(found)
        yield found
    finally:
        found.close()


@pytest.fixture
def terminal(crashed: Terminal, tmp_path: Path) -> Iterator[Terminal]:
    """A copy of that home: all that the embedded stack knows is in it, the mailbox too."""
    home = shutil.copytree(crashed.home, tmp_path / "home")
    found = Terminal(home, crashed.port, SPEED)
    yield found
    found.close()


async def begin(dev: Dev) -> None:
    await dev.replace_people(*people(USERS, CONTACTS))
    await (await dev.client()).start_workflow(
        Workflow.MONTHLY_CYCLE,
        CycleInput(period=PERIOD, send_now=True),
        id=ids.cycle_workflow_id(PERIOD),
        task_queue=TaskQueue.INVITATIONS,
    )


async def sent(terminal: Terminal, dev: Dev, least: int) -> int:
    """Wait until so many mails went out, in the middle of the cycle."""
    async with dev.mailbox(terminal.port) as mailbox:
        while (total := (await mailbox.stats()).total) < least:
            await asyncio.sleep(0.05)
    assert total < MAILS, "the cycle was over too soon to test anything"
    return total


async def ended(dev: Dev) -> CycleStatistics:
    client = await dev.client()
    handle = client.get_workflow_handle(ids.cycle_workflow_id(PERIOD), result_type=CycleStatistics)
    return await asyncio.wait_for(handle.result(), 120)


async def copies(mailbox: Mailbox) -> tuple[int, int]:
    """Return how many invitations arrived, and how many mails were too many."""
    found = [mail.message_id for mail in await mailbox.log()]
    return len(set(found)), len(found) - len(set(found))


async def interrupted_by_a_backup_and_a_crash(terminal: Terminal) -> None:
    dev = await terminal.start(MANUAL.start)
    await begin(dev)
    await sent(terminal, dev, BEFORE_THE_BACKUP)
    await dev.interrupt()
    await terminal.run(MANUAL.back_up)
    # Files get the kernel's time, also when the clock is shifted (`tests.another_time`): the manual reads it from this.
    os.utime(terminal.home / "relance-backup.tar", (time.time(), time.time()))
    dev = await terminal.start(MANUAL.start)
    await sent(terminal, dev, BEFORE_THE_CRASH)
    await dev.crash()


async def goes_on_to_a_balanced_end(terminal: Terminal, start: str) -> None:
    dev = await terminal.start(start)
    result = await ended(dev)
    async with dev.mailbox(terminal.port) as mailbox:
        arrived, too_many = await copies(mailbox)
    await dev.interrupt()
    assert (result.sent, result.balance, result.open) == (MAILS, 0, 0)
    assert (arrived, too_many) == (MAILS, 0)


async def test_after_a_restore_in_the_middle_of_a_cycle_nothing_is_lost_and_nothing_sent_twice(
    terminal: Terminal,
) -> None:
    await terminal.run(MANUAL.destroy)
    assert not (terminal.home / "relance-data" / "mongod").exists()
    await goes_on_to_a_balanced_end(terminal, MANUAL.restore)


async def test_with_an_older_temporal_the_newer_database_knows_what_was_sent(terminal: Terminal) -> None:
    await terminal.run(MANUAL.temporal_alone)
    await goes_on_to_a_balanced_end(terminal, MANUAL.start)
