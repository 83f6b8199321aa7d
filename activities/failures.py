"""From our errors to what Temporal understands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from relance.contracts.names import Failure
from relance.errors import DependencyUnavailable, InvalidInput, MailError


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors as `ApplicationError`; their text holds no personal data (SPEC section 13)."""
    try:
        yield
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


def draining() -> ApplicationError:
    """Return the error with which an activity hands its rest to another worker."""
    return ApplicationError(
        "this worker is shutting down; another one goes on",
        type=Failure.DRAINING,
        next_retry_delay=timedelta(seconds=1),
        category=ApplicationErrorCategory.BENIGN,
    )
