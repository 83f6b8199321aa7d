"""Counts what makes activities fail, by class and source, in one place for all of them (SPEC X1, I5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from relance.domain.failures import Failure
from relance.failures import failure_of, origin


@dataclass(frozen=True)
class ErrorCounting(Interceptor):
    """Gives `count` the failure of each attempt that fails; a draining worker and a cancellation are none."""

    count: Callable[[Failure], None]

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Stand between the worker and its activities."""
        return _Counting(next, self.count)


class _Counting(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, count: Callable[[Failure], None]) -> None:
        super().__init__(inner)
        self._count = count

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except CancelledError:
            raise
        except Exception as error:
            if not (isinstance(error, ApplicationError) and error.category is ApplicationErrorCategory.BENIGN):
                self._count(failure_of(origin(error)))
            raise
