"""The statuses of Temporal's API, read by the table `domain.failures.temporal`."""

from __future__ import annotations

from temporalio.service import RPCError

from relance.domain.failures import Failure, FailureClass, classify_temporal
from relance.errors import DependencyUnavailable

NAME = "Temporal"


def failure_of_call(error: RPCError) -> Failure:
    """Return what a call's error means."""
    return classify_temporal(error.status.name)


def is_missing(error: RPCError) -> bool:
    """Return whether what was called for does not exist, or not any more."""
    return failure_of_call(error).class_ is FailureClass.GONE


def unavailable(what: str, error: RPCError) -> DependencyUnavailable:
    """Return our error for a call that failed; `what` says what was not done."""
    return DependencyUnavailable(NAME, f"{what} ({error.status.name})", code=error.status.name)
