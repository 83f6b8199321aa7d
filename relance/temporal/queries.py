"""Questions to a workflow that may have nobody to answer it just now."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

QUERY_TIMEOUT = timedelta(seconds=5)

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
