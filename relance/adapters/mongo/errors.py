"""The driver's errors in our own words.

Only the error's type and code are passed on: the text of a MongoDB error may quote a document, and with it an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from relance.domain.failures import Strategy, classify_mongodb
from relance.errors import DependencyUnavailable

NAME = "MongoDB"


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
    kind, code = type(error).__name__, _code(error)
    failure = classify_mongodb(code, kind)
    said = kind if code is None else f"{kind} {code}"
    remedy = f": {failure.remedy}" if failure.remedy else ""
    return DependencyUnavailable(NAME, f"{operation}: {said}{remedy}", code=failure.code)


def only_duplicates(error: PyMongoError) -> bool:
    """Return whether nothing is wrong but that documents with these keys exist already."""
    if isinstance(error, DuplicateKeyError):
        return True
    details = error.details if isinstance(error, OperationFailure) else None
    if not details or details.get("writeConcernErrors"):
        return False
    problems = details.get("writeErrors") or []
    return bool(problems) and all(_is_duplicate(problem) for problem in problems)


def _is_duplicate(problem: Mapping[str, Any]) -> bool:
    return classify_mongodb(problem.get("code")).strategy is Strategy.CARRY_ON


def _code(error: PyMongoError) -> int | None:
    details: Mapping[str, Any] = getattr(error, "details", None) or {}
    # The code of a bulk write only says that something in it failed.
    problems = [*(details.get("writeConcernErrors") or []), *(details.get("writeErrors") or [])]
    serious = [problem for problem in problems if not _is_duplicate(problem)] or problems
    found = serious[0].get("code") if serious else getattr(error, "code", None) or details.get("code")
    return int(found) if found is not None else None
