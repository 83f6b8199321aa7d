"""What Temporal and the log learn of an error that nobody expected: its kind and its place."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from relance.contracts.names import ErrorType
from relance.errors import DependencyUnavailable
from relance.runtime.private_errors import PrivateErrors, described, without_texts
from tests.architecture.sources import ROOT

NAME = "Renée Canary"
INPUT = ExecuteActivityInput(fn=print, args=(), executor=None, headers={})


class Failing(ActivityInboundInterceptor):
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        raise self.error


async def failure_of(error: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised:
        await PrivateErrors().intercept_activity(Failing(error)).execute_activity(INPUT)
    return raised.value


async def test_temporal_learns_the_kind_and_the_place_of_a_foreign_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        failure = await failure_of(RuntimeError(f"cannot greet {NAME}"))
    assert failure.message.startswith("unexpected RuntimeError at test_private_errors.py:")
    assert (failure.type, failure.__cause__, failure.non_retryable) == (ErrorType.BUG, None, False)
    assert "an activity failed unexpectedly" in caplog.text


async def test_an_error_that_was_made_for_temporal_passes() -> None:
    error = ApplicationError("the relay refuses us", type=ErrorType.UNAVAILABLE)
    assert await failure_of(error) is error


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RuntimeError(NAME), "RuntimeError"),
        (KeyError(NAME), "KeyError"),
        (DependencyUnavailable("MongoDB", "no primary"), "relance.errors.DependencyUnavailable: MongoDB"),
        (FileNotFoundError(2, "No such file"), "FileNotFoundError: [Errno 2] No such file"),
        (ApplicationError("again later"), "temporalio.exceptions.ApplicationError: again later"),
    ],
)
def test_only_texts_that_can_name_nobody_are_shown(error: Exception, shown: str) -> None:
    assert described(error).startswith(shown)
    assert NAME not in described(error)


def test_a_group_of_errors_is_shown_without_texts() -> None:
    assert NAME not in without_texts(ExceptionGroup("both", [RuntimeError(NAME), ValueError(NAME)]))


def test_no_entry_leaves_a_core() -> None:
    code = (
        "import resource, ctypes; from relance.runtime.core_dumps import forbid_core_dumps; forbid_core_dumps(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "(0, 0) 0"
    for entry in ("worker.py", "starter.py", *(f"relance/devstack/{part}/__main__.py" for part in ("mailbox", "chat"))):
        assert "forbid_core_dumps()" in (ROOT / entry).read_text(), entry
