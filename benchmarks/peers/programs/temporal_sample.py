"""A Temporal workflow per invitation, as the samples write it: an activity a mail, two durable timers."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

with workflow.unsafe.imports_passed_through():
    import mailing

QUEUE = "peers"
AT_ONCE = 64
MAIL_TIMEOUT = timedelta(seconds=10)


@activity.defn
async def mail(kind: str, number: int) -> None:
    """Send a mail."""
    await mailing.send_async(kind, number)
    if kind == mailing.INVITATION:
        # Its timers have been set by the task that asked for this mail.
        mailing.record(mailing.REGISTERED, number)


@workflow.defn
class Invitation:
    """Holds an invitation and its two reminders."""

    @workflow.run
    async def run(self, number: int, first: float, second: float) -> None:
        """Set both timers with the first task, so that they are registered when the invitation is sent."""
        await asyncio.gather(
            self._mail(mailing.INVITATION, number),
            self._remind(mailing.FIRST, number, first),
            self._remind(mailing.SECOND, number, second),
        )

    async def _remind(self, kind: str, number: int, due: float) -> None:
        await workflow.sleep(max(0.0, due - workflow.now().timestamp()))
        await self._mail(kind, number)

    async def _mail(self, kind: str, number: int) -> None:
        await workflow.execute_activity(mail, args=(kind, number), start_to_close_timeout=MAIL_TIMEOUT)


async def invite(client: Client, begin: int, end: int, first: float, second: float) -> None:
    """Start the workflows of these invitations, a bounded number at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await client.start_workflow(
                Invitation.run,
                args=(number, first, second),
                id=f"invitation-{number}",
                task_queue=QUEUE,
                request_eager_start=True,
            )

    await asyncio.gather(*(one(number) for number in range(begin, end)))


async def main() -> None:
    """Serve, and invite as told."""
    client = await Client.connect(mailing.SERVER)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def obey() -> None:
        for order in mailing.orders():
            numbers = (order["begin"], order["end"], order[mailing.FIRST], order[mailing.SECOND])
            asyncio.run_coroutine_threadsafe(invite(client, *numbers), loop).result()
            mailing.answer()
        loop.call_soon_threadsafe(ended.set)

    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Invitation],
        activities=[mail],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=64,
        max_concurrent_activities=64,
        max_cached_workflows=5_000,
    ):
        threading.Thread(target=obey, daemon=True).start()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
