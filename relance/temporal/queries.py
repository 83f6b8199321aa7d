"""Questions to a workflow that nobody may answer just now: a worker restarts, the server is slow, the run just began.

For a command and a round of looks that is no error: `unless_silent` asks once, `until_answered` until somebody answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from relance.domain.failures import FailureClass
from relance.errors import NobodyAnswers
from relance.temporal.errors import NAME, failure_of_call, is_missing

QUERY_TIMEOUT = timedelta(seconds=5)
PATIENCE = timedelta(minutes=1)
PAUSE_S = 0.1

_SILENT = {
    RPCStatusCode.NOT_FOUND,
    # The SDK's word for a call of its own that took too long: as a rule no worker is there to answer.
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    # No worker has asked for work lately, or the run began this moment and has had no workflow task yet.
    RPCStatusCode.FAILED_PRECONDITION,
}

T = TypeVar("T")


async def unless_silent(answer: Awaitable[T]) -> T | None:
    """Return a query's answer; None when the workflow is gone or nobody answers for it in time.

    Raises:
        RPCError: the server itself cannot be asked.
    """
    try:
        return await answer
    except WorkflowQueryFailedError:
        return None
    except RPCError as error:
        if error.status not in _SILENT:
            raise
        return None


async def until_answered(ask: Callable[[], Awaitable[T]], patience: timedelta = PATIENCE) -> T | None:
    """Ask again until the server and a worker answer; None when the workflow is gone.

    Raises:
        NobodyAnswers: nobody has answered for so long.
        RPCError: the question itself is wrong, or is not allowed.
    """
    give_up_at = asyncio.get_running_loop().time() + patience.total_seconds()
    while True:
        try:
            return await ask()
        except WorkflowQueryFailedError:
            reason = "the workflow could not answer"
        except RPCError as error:
            if is_missing(error):
                return None
            if error.status not in _SILENT and failure_of_call(error).class_ is not FailureClass.TRANSPORT:
                raise
            reason = error.status.name
        if asyncio.get_running_loop().time() > give_up_at:
            raise NobodyAnswers(NAME, f"nobody answers for a workflow ({reason})")
        await asyncio.sleep(PAUSE_S)
