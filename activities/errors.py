"""Turns our errors into `ApplicationError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from relance.contracts.names import ErrorType
from relance.errors import (
    ChannelError,
    ChannelGone,
    ChannelUnavailable,
    DependencyUnavailable,
    InvalidInput,
    MailError,
    RelanceError,
    ReportError,
    ReportUnavailable,
    ReportUnusable,
)
from relance.failures import failure_of


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors as `ApplicationError`; their text holds no personal data (SPEC section 13)."""
    try:
        yield
    except ReportError as error:
        raise _report_failure(error) from None
    except ChannelError as error:
        raise _channel_failure(error) from None
    except DependencyUnavailable as error:
        again = timedelta(seconds=error.retry_after) if error.retry_after is not None else None
        raise ApplicationError(str(error), type=ErrorType.UNAVAILABLE, next_retry_delay=again) from None
    except InvalidInput as error:
        raise _as_the_table_says(error, ErrorType.INVALID_INPUT) from None
    except MailError as error:
        raise ApplicationError(str(error), type=ErrorType.UNAVAILABLE) from None
    except ValidationError as error:
        # The message of a ValidationError quotes the values it refused.
        places = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors())
        raise ApplicationError(f"{error.title} is not valid: {places}", type=ErrorType.BUG) from None


def _report_failure(error: ReportError) -> ApplicationError:
    # The detail is the reason a "no data" alert gives (SPEC W4).
    match error:
        case ReportUnavailable():
            return _as_the_table_says(error, ErrorType.REPORT_UNAVAILABLE, "unavailable")
        case ReportUnusable():
            return _as_the_table_says(error, ErrorType.REPORT_UNUSABLE, error.reason)
    return _as_the_table_says(error, ErrorType.REPORT_REFUSED, "refused")


def _channel_failure(error: ChannelError) -> ApplicationError:
    match error:
        case ChannelUnavailable():
            return _as_the_table_says(error, ErrorType.CHANNEL_UNAVAILABLE)
        case ChannelGone():
            return _as_the_table_says(error, ErrorType.CHANNEL_GONE)
    return _as_the_table_says(error, ErrorType.CHANNEL_REFUSED)


def _as_the_table_says(error: RelanceError, name: ErrorType, *details: str) -> ApplicationError:
    failure = failure_of(error)
    return ApplicationError(
        str(error), *details, type=name, non_retryable=not failure.retryable, next_retry_delay=failure.pause
    )


def resting(pause: timedelta) -> ApplicationError:
    """Return the error with which an activity waits for a relay that refuses us."""
    return ApplicationError(
        "the relay refuses us for a fault of our own; tried again later",
        type=ErrorType.UNAVAILABLE,
        next_retry_delay=pause,
    )


def draining() -> ApplicationError:
    """Return the error with which an activity hands its rest to another worker."""
    return ApplicationError(
        "this worker is shutting down; another one goes on",
        type=ErrorType.DRAINING,
        next_retry_delay=timedelta(seconds=1),
        category=ApplicationErrorCategory.BENIGN,
    )
