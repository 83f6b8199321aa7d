from __future__ import annotations

import pytest
from temporalio.service import RPCStatusCode

from relance.domain.failures import FailureClass, Sign, classify_temporal, deciding
from relance.domain.failures.temporal import TABLE

STATUSES = [status.name for status in RPCStatusCode if status is not RPCStatusCode.OK]
GUESSED = {"UNKNOWN", "INTERNAL"}


@pytest.mark.parametrize("status", sorted(set(STATUSES) - GUESSED))
def test_every_status_of_the_api_has_a_row_of_its_own(status: str) -> None:
    assert deciding(TABLE, Sign(status)) is not TABLE[-1]


def test_every_row_decides_about_a_status_of_the_api() -> None:
    used = [deciding(TABLE, Sign(status)) for status in STATUSES]
    assert [row.signal for row in TABLE if row not in used] == []


@pytest.mark.parametrize(
    ("status", "class_", "again"),
    [
        ("UNAVAILABLE", FailureClass.TRANSPORT, True),
        ("DEADLINE_EXCEEDED", FailureClass.TRANSPORT, True),
        ("RESOURCE_EXHAUSTED", FailureClass.THROTTLED, True),
        ("NOT_FOUND", FailureClass.GONE, False),
        ("ALREADY_EXISTS", FailureClass.CONFLICT, False),
        ("FAILED_PRECONDITION", FailureClass.CONFLICT, True),
        ("PERMISSION_DENIED", FailureClass.CONFIGURATION, True),
        ("UNIMPLEMENTED", FailureClass.CONFIGURATION, True),
        ("INVALID_ARGUMENT", FailureClass.BUG, True),
        ("DATA_LOSS", FailureClass.STORAGE, True),
        ("INTERNAL", FailureClass.TRANSPORT, True),
    ],
)
def test_a_status_is_classified(status: str, class_: FailureClass, again: bool) -> None:
    found = classify_temporal(status)
    assert (found.class_, found.retryable) == (class_, again)
