"""From our errors to what Temporal understands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from relance.contracts.names import Failure
from relance.errors import (
    ChannelError,
    ChannelGone,
    ChannelUnavailable,
    DependencyUnavailable,
    InvalidInput,
    MailError,
    ReportError,
    ReportUnavailable,
    ReportUnusable,
)


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
        raise ApplicationError(str(error), type=Failure.UNAVAILABLE) from None
    except InvalidInput as error:
        raise ApplicationError(str(error), type=Failure.INVALID_INPUT, non_retryable=True) from None
    except MailError as error:
        raise ApplicationError(str(error), type=Failure.UNAVAILABLE) from None
    except ValidationError as error:
        # The message of a ValidationError quotes the values it refused.
        places = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors())
        raise ApplicationError(f"{error.title} is not valid: {places}", type=Failure.BUG) from None


def _report_failure(error: ReportError) -> ApplicationError:
    # The detail is the reason a "no data" alert gives (SPEC W4).
    match error:
        case ReportUnavailable():
            return ApplicationError(
                str(error), "unavailable", type=Failure.REPORT_UNAVAILABLE, next_retry_delay=_delay(error.retry_after)
            )
        case ReportUnusable():
            return ApplicationError(str(error), error.reason, type=Failure.REPORT_UNUSABLE)
    return ApplicationError(str(error), "refused", type=Failure.REPORT_REFUSED, non_retryable=True)


def _channel_failure(error: ChannelError) -> ApplicationError:
    match error:
        case ChannelUnavailable():
            return ApplicationError(
                str(error), type=Failure.CHANNEL_UNAVAILABLE, next_retry_delay=_delay(error.retry_after)
            )
        case ChannelGone():
            return ApplicationError(str(error), type=Failure.CHANNEL_GONE, non_retryable=True)
    return ApplicationError(str(error), type=Failure.CHANNEL_REFUSED, non_retryable=True)


def _delay(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds is not None else None


def draining() -> ApplicationError:
    """Return the error with which an activity hands its rest to another worker."""
    return ApplicationError(
        "this worker is shutting down; another one goes on",
        type=Failure.DRAINING,
        next_retry_delay=timedelta(seconds=1),
        category=ApplicationErrorCategory.BENIGN,
    )
