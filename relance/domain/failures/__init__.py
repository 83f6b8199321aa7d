"""The taxonomy of failures (SPEC X1): one table per kind, all of one shape, and what follows from them.

`docs/errors.md` shows the tables. They are data: an adapter decides nothing by a code of its own.
"""

from __future__ import annotations

from relance.domain.failures.http import classify_http
from relance.domain.failures.model import Failure, FailureClass, Severity, Source, Strategy, Strikes
from relance.domain.failures.mongodb import classify_mongodb
from relance.domain.failures.smtp import (
    LADDER,
    TABLE,
    TRANSPORT,
    UNABLE,
    UNCERTAIN,
    UNTRUSTED,
    classify_smtp,
    contact_status_after,
    retry_at,
)
from relance.domain.failures.strikes import count_refusals, is_struck_out
from relance.domain.failures.table import Row, Sign, deciding
from relance.domain.failures.temporal import classify_temporal

__all__ = [
    "LADDER",
    "TABLE",
    "TRANSPORT",
    "UNABLE",
    "UNCERTAIN",
    "UNTRUSTED",
    "Failure",
    "FailureClass",
    "Row",
    "Severity",
    "Sign",
    "Source",
    "Strategy",
    "Strikes",
    "classify_http",
    "classify_mongodb",
    "classify_smtp",
    "classify_temporal",
    "contact_status_after",
    "count_refusals",
    "deciding",
    "is_struck_out",
    "retry_at",
]
