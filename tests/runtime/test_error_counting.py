"""What an activity fails of is counted by class and source, once per attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.errors import draining, translated
from relance.domain.failures import Failure, FailureClass, Source
from relance.errors import ChannelGone, DependencyUnavailable, ReportRefused
from relance.runtime.error_counting import ErrorCounting


class Activity(ActivityInboundInterceptor):
    """An activity that does one thing."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        return self.does()


INPUT = ExecuteActivityInput(fn=print, args=(), executor=None, headers={})


async def run(does: Callable[[], Any]) -> list[Failure]:
    counted: list[Failure] = []
    interceptor = ErrorCounting(counted.append).intercept_activity(Activity(does))
    with suppress(Exception, asyncio.CancelledError):
        await interceptor.execute_activity(INPUT)
    return counted


def raising(error: BaseException) -> Callable[[], Any]:
    def does() -> None:
        with translated():
            raise error

    return does


@pytest.mark.parametrize(
    ("error", "class_", "source"),
    [
        (DependencyUnavailable("MongoDB", "x", code="14031"), FailureClass.STORAGE, Source.MONGODB),
        (ReportRefused("wrong", 401), FailureClass.CONFIGURATION, Source.EVERFLOW),
        (ChannelGone("slack", "410", code="410"), FailureClass.GONE, Source.CHANNEL),
        (ZeroDivisionError(), FailureClass.BUG, Source.CODE),
    ],
)
async def test_what_was_translated_for_temporal_is_counted_for_what_it_was(
    error: Exception, class_: FailureClass, source: Source
) -> None:
    assert [(one.class_, one.source) for one in await run(raising(error))] == [(class_, source)]


@pytest.mark.parametrize("error", [draining(), CancelledError(), asyncio.CancelledError()])
async def test_neither_a_drain_nor_a_cancellation_is_an_error(error: BaseException) -> None:
    assert await run(raising(error)) == []


async def test_success_counts_nothing() -> None:
    assert await run(lambda: 1) == []


async def test_the_error_itself_goes_on() -> None:
    interceptor = ErrorCounting(lambda _: None).intercept_activity(Activity(raising(ReportRefused("wrong", 401))))
    with pytest.raises(ApplicationError, match="wrong"):
        await interceptor.execute_activity(INPUT)
