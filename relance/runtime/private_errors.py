"""Errors of foreign code without their texts: a library's message may quote a document, and so a person (SPEC 13).

What kind of error it was and where it happened is kept; so are the texts of our own errors, which name nobody, and
those of the operating system and of Temporal's client.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from relance.contracts.names import ErrorType

_OURS = ("relance", "temporalio")
_HARMLESS = (OSError, ImportError, AttributeError, NameError, NotImplementedError)

logger = logging.getLogger(__name__)


def described(error: BaseException) -> str:
    """Return the type of an error, with its text where that can name nobody."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = str(error)
    return f"{name}: {text}" if text and _may_be_shown(error) else name


def without_texts(error: BaseException) -> str:
    """Return an error with its causes as a traceback, the texts of foreign errors left out."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{described(current)}\n")
        hidden = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or hidden
    return "\nfollowed by:\n\n".join(reversed(parts))


def place_of(error: BaseException) -> str:
    """Return the file and the line where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


class PrivateErrors(Interceptor):
    """Keeps the text of an unexpected error out of Temporal's histories; the log has where it happened."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Stand between the worker and its activities."""
        return _Private(next)


class _Private(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except TemporalError:
            raise
        except Exception as error:
            logger.exception("an activity failed unexpectedly")
            said = f"unexpected {described(error)} at {place_of(error)}"
            raise ApplicationError(said, type=ErrorType.BUG) from None


def _may_be_shown(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _OURS or isinstance(error, _HARMLESS)
