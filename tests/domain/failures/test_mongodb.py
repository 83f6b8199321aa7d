from __future__ import annotations

import pytest
from pymongo import errors, helpers_shared

from relance.domain.failures import FailureClass, Severity, Sign, classify_mongodb, deciding
from relance.domain.failures.mongodb import TABLE

TRANSPORT, SETTINGS = FailureClass.TRANSPORT, FailureClass.CONFIGURATION
CONFLICT, STORAGE, DATA, BUG = FailureClass.CONFLICT, FailureClass.STORAGE, FailureClass.DATA, FailureClass.BUG

ERRORS = [
    (11000, "BulkWriteError", CONFLICT),
    (112, "OperationFailure", TRANSPORT),
    (14031, "OperationFailure", STORAGE),
    (13, "OperationFailure", SETTINGS),
    (18, "OperationFailure", SETTINGS),
    (20, "OperationFailure", SETTINGS),
    (189, "NotPrimaryError", TRANSPORT),
    (10107, "NotPrimaryError", TRANSPORT),
    (11602, "NotPrimaryError", TRANSPORT),
    (91, "AutoReconnect", TRANSPORT),
    (11600, "AutoReconnect", TRANSPORT),
    (89, "OperationFailure", TRANSPORT),
    (50, "ExecutionTimeout", TRANSPORT),
    (64, "WTimeoutError", TRANSPORT),
    (79, "WriteConcernError", TRANSPORT),
    (121, "WriteError", DATA),
    (None, "DuplicateKeyError", CONFLICT),
    (None, "ServerSelectionTimeoutError", TRANSPORT),
    (None, "AutoReconnect", TRANSPORT),
    (None, "NetworkTimeout", TRANSPORT),
    (None, "WriteConcernError", TRANSPORT),
    (None, "ExecutionTimeout", TRANSPORT),
    (None, "InvalidURI", SETTINGS),
    (None, "InvalidDocument", DATA),
    (2, "OperationFailure", BUG),
    (None, "PyMongoError", BUG),
]


@pytest.mark.parametrize(("code", "kind", "class_"), ERRORS)
def test_an_error_is_classified(code: int | None, kind: str, class_: FailureClass) -> None:
    assert classify_mongodb(code, kind).class_ is class_


def test_every_row_decides_about_one_of_the_errors_above() -> None:
    used = [deciding(TABLE, Sign("" if code is None else str(code), kind)) for code, kind, _ in ERRORS]
    assert [row.signal for row in TABLE if row not in used] == []


def test_whatever_the_driver_itself_would_try_again_passes_by_itself_here_too() -> None:
    codes = helpers_shared._RETRYABLE_ERROR_CODES | helpers_shared._NOT_PRIMARY_CODES
    assert {classify_mongodb(code).class_ for code in codes} == {TRANSPORT}


def test_every_exception_named_in_the_table_exists() -> None:
    named = {kind for _, kind, _ in ERRORS} - {"InvalidDocument"}
    assert named <= set(dir(errors))


def test_a_full_disk_and_a_wrong_password_are_critical() -> None:
    assert classify_mongodb(14031).severity is Severity.CRITICAL
    assert classify_mongodb(18).severity is Severity.CRITICAL


def test_nothing_is_given_up_but_what_was_done_before() -> None:
    assert {row.class_ for row in TABLE if not row.retryable} == {CONFLICT}
