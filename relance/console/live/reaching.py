"""What the SDK raises while Temporal does not answer, as our own error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.service import RPCError

from relance.errors import DependencyUnavailable
from relance.temporal.errors import NAME, is_missing, unavailable

NOT_CONNECTED = "Failed client connect"


@contextmanager
def reaching_temporal() -> Iterator[None]:
    """Turn what the SDK raises while Temporal does not answer into our error.

    Raises:
        DependencyUnavailable: it does not answer.
    """
    try:
        yield
    except RPCError as error:
        if is_missing(error):
            raise
        raise unavailable("ask", error) from None
    except RuntimeError as error:
        # A lazy client that has not been able to connect yet; the SDK has no type of its own for it.
        if not str(error).startswith(NOT_CONNECTED):
            raise
        raise DependencyUnavailable(NAME, "it cannot be reached") from None
