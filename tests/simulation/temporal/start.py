"""How a run begins, and how it says that another one goes on in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.common import TypedSearchAttributes

from tests.simulation.temporal.wire import Payloads

if TYPE_CHECKING:
    from tests.simulation.temporal.run import WorkflowRun


class ContinueAsNew(BaseException):
    """The workflow goes on as a new run with this input."""

    def __init__(self, payloads: Payloads) -> None:
        self.payloads = payloads


@dataclass(frozen=True, slots=True)
class Start:
    """How a run begins; `parent` is the run that waits for it, with the number of its command.

    `first` is the id of the first run of this workflow: those after it are known to the parent by it.
    """

    id: str
    cls: type
    payloads: Payloads
    at: datetime
    nominal: TypedSearchAttributes = TypedSearchAttributes.empty
    parent: tuple[WorkflowRun, int] | None = None
    policy: workflow.ParentClosePolicy = workflow.ParentClosePolicy.TERMINATE
    first: str = ""


def again(start: Start, payloads: Payloads, at: datetime) -> Start:
    """Return how a run begins that continues another one."""
    return replace(start, payloads=payloads, at=at)
