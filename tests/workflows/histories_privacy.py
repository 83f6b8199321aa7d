"""Records the history of a person being forgotten, with a mail that is waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.names import TaskQueue
from relance.contracts.privacy import ForgetInput
from workflows.forget_person import LAST_LOOK, ForgetPerson

RECORD = "e-0123456789abcdef"


async def record_forgetting(skipper: TimeSkipper, save: Callable[[str, str], Awaitable[None]]) -> None:
    """Forget somebody of whom a mail is under way."""
    handle = await skipper.client.start_workflow(
        ForgetPerson.run,
        ForgetInput(erasure_id=RECORD),
        id=ids.forget_workflow_id(RECORD),
        task_queue=TaskQueue.OPS,
    )
    while await skipper.fast_forward(handle, LAST_LOOK + timedelta(seconds=5)):
        pass
    await handle.result()
    await save(handle.id, "forget_person")
