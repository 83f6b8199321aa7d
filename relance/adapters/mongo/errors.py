"""The driver's errors in our own words.

Only the error's type and code are passed on: the text of a MongoDB error may quote a document, and with it an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from relance.errors import DependencyUnavailable

NAME = "MongoDB"

_UNAUTHORIZED = frozenset({13, 18, 8000})
_NO_PRIMARY = (
    "no primary in time; check RELANCE_MONGO__URI, that the servers run, and that they are a replica set with a primary"
)
_REFUSED = "check the user name, the password and the roles in RELANCE_MONGO__URI"

_DUPLICATE = 11000


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Turn every error of the driver into ours; `operation` says what was being done.

    Raises:
        DependencyUnavailable: the server could not be reached, did not answer in time or refused. A write may or may
            not have happened.
    """
    try:
        yield
    except PyMongoError as error:
        raise unavailable(operation, error) from None


def unavailable(operation: str, error: PyMongoError) -> DependencyUnavailable:
    """Return our error for one of the driver's."""
    return DependencyUnavailable(NAME, f"{operation}: {_describe(error)}")


def only_duplicates(error: PyMongoError) -> bool:
    """Tell whether nothing is wrong but that documents with these keys exist already."""
    if isinstance(error, DuplicateKeyError):
        return True
    details = error.details if isinstance(error, OperationFailure) else None
    if not details or details.get("writeConcernErrors"):
        return False
    problems = details.get("writeErrors") or []
    return bool(problems) and all(problem.get("code") == _DUPLICATE for problem in problems)


def _describe(error: PyMongoError) -> str:
    kind = type(error).__name__
    # AutoReconnect and NetworkTimeout are ConnectionFailures too; only the first of these means no server was found.
    if isinstance(error, ServerSelectionTimeoutError):
        return f"{kind}: {_NO_PRIMARY}"
    if isinstance(error, ConnectionFailure):
        return f"{kind}: the connection was lost or timed out"
    if isinstance(error, WriteConcernError):
        return f"{kind}: a majority did not confirm in time"
    if isinstance(error, OperationFailure):
        remedy = f": {_REFUSED}" if error.code in _UNAUTHORIZED else ""
        return f"{kind} {error.code}{remedy}"
    return kind
