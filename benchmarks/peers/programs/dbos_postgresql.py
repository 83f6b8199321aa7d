"""DBOS with PostgreSQL: a workflow per invitation that sends, sleeps durably, and reminds twice."""

from __future__ import annotations

import asyncio
import sys
import threading
import time

import mailing
from dbos import DBOS, SetWorkflowID

AT_ONCE = 64


@DBOS.step()
async def mail(kind: str, number: int) -> None:
    """Send a mail; its end is recorded."""
    await mailing.send_async(kind, number)


@DBOS.workflow()
async def invitation(number: int, first: float, second: float) -> None:
    """Hold an invitation and its two reminders."""
    await mail(mailing.INVITATION, number)
    for kind, due in ((mailing.FIRST, first), (mailing.SECOND, second)):
        if kind == mailing.FIRST:
            # The workflow is recorded, and so is its first step; the sleep records first of all when it ends.
            mailing.record(mailing.REGISTERED, number)
        # A sleep of no length would not be recorded, and a recovered workflow would go another way than before.
        await DBOS.sleep_async(max(0.001, due - time.time()))
        await mail(kind, number)


async def invite(begin: int, end: int, first: float, second: float) -> None:
    """Start the workflows of these invitations, a bounded number at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            with SetWorkflowID(f"invitation-{number}"):
                await DBOS.start_workflow_async(invitation, number, first, second)

    await asyncio.gather(*(one(number) for number in range(begin, end)))


async def main() -> None:
    """Recover what an earlier process has left, then invite as told."""
    DBOS(
        config={
            "name": "peers",
            "system_database_url": mailing.SERVER,
            "executor_id": f"executor-{mailing.PLACE}",
            "application_version": "1",
            "log_level": "ERROR",
            "sys_db_pool_size": 20,
        }
    )
    DBOS.launch()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def obey() -> None:
        for order in mailing.orders():
            numbers = (order["begin"], order["end"])
            asyncio.run_coroutine_threadsafe(
                invite(*numbers, order[mailing.FIRST], order[mailing.SECOND]), loop
            ).result()
            mailing.answer()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=obey, daemon=True).start()
    await ended.wait()
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
